module libhooks

go 1.24

require (
	github.com/opencontainers/runtime-spec v1.1.0
	github.com/sirupsen/logrus v1.9.0
)

require golang.org/x/sys v0.0.0-20220715151400-c0bba94af5f8 // indirect
