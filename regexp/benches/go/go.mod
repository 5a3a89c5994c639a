module go-regexp/benches/go

go 1.22
