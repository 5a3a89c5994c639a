module libhooks/tests/oracles/regexp

go 1.21
