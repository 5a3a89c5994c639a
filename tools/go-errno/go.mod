module libhooks/tools/go-errno

go 1.26
