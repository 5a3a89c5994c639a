module go-regexp/tests/oracle

go 1.21
