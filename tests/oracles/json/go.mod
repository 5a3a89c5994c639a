module libhooks/tests/oracles/json

go 1.23
