module benchmarklab/upstream

go 1.26.0
