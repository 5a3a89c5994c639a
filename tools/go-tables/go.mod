module libhooks/go-tables

go 1.26
