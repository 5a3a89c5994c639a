module go-regexp/tools/tables

go 1.26
