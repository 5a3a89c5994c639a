module libhooks/tests/json

go 1.23
