module libhooks/tests/regexp

go 1.21
