package main

import (
	"strings"
	"testing"
)

func setEnvironment(t *testing.T, name, value string) {
	t.Helper()
	for name, value := range map[string]string{
		"HOST": "127.0.0.1", "PORT": "8000", "WORKERS": "3", "DATABASE_URL": "postgresql://u:p@127.0.0.1/api", "DB_POOL_TOTAL": "16",
		"UPSTREAM_URL": "http://127.0.0.1:9000", "JWT_SECRET": "secret", "JWT_AUDIENCE": "lab",
	} {
		t.Setenv(name, value)
	}
	t.Setenv(name, value)
}

func TestConnectionsAreSharedOutAmongTheProcesses(t *testing.T) {
	for total, want := range map[string]int{"16": 5, "3": 1, "2": 1} {
		setEnvironment(t, "DB_POOL_TOTAL", total)
		read, err := readSettings()
		if err != nil || read.poolSize() != want {
			t.Errorf("%s over 3 processes: want %d, got %d, %v", total, want, read.poolSize(), err)
		}
	}
}

func TestAWrongSettingIsNamed(t *testing.T) {
	for name, value := range map[string]string{
		"PORT": "70000", "WORKERS": "0", "DB_POOL_TOTAL": "many", "MIDDLEWARE_DEPTH": "-1", "JWT_SECRET": "", "LOG_LEVEL": "loud",
	} {
		t.Run(name, func(t *testing.T) {
			setEnvironment(t, name, value)
			_, err := readSettings()
			if err == nil || !strings.Contains(err.Error(), name) || strings.Contains(err.Error(), "u:p@") {
				t.Errorf("got %v", err)
			}
		})
	}
}
