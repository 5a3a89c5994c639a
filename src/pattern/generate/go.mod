module libhooks/pattern/generate

go 1.26
