module libhooks/tests/bench

go 1.21
