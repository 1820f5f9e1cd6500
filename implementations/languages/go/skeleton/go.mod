module benchmarklab/example-implementation

go 1.26.0

toolchain go1.26.8
