// The compiler reads the manifest beside it only.
