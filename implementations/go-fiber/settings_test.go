package main

import (
	"log/slog"
	"strings"
	"testing"
)

func setEnvironment(t *testing.T, changes map[string]string) {
	t.Helper()
	for name, value := range map[string]string{
		"HOST": "127.0.0.1", "PORT": "8000", "WORKERS": "3", "DATABASE_URL": "postgresql://u:p@127.0.0.1/api", "DB_POOL_TOTAL": "16",
		"UPSTREAM_URL": "http://127.0.0.1:9000", "JWT_SECRET": "secret", "JWT_AUDIENCE": "lab", "LOG_LEVEL": "warning",
	} {
		t.Setenv(name, value)
	}
	for name, value := range changes {
		t.Setenv(name, value)
	}
}

func TestSettingsComeFromTheEnvironment(t *testing.T) {
	setEnvironment(t, nil)
	read, err := readSettings()
	if err != nil {
		t.Fatal(err)
	}
	if read.address() != "127.0.0.1:8000" || read.MiddlewareDepth != 0 || slog.Level(read.LogLevel) != slog.LevelWarn {
		t.Errorf("got %+v", read)
	}
}

func TestConnectionsAreSharedOutAmongTheProcesses(t *testing.T) {
	for total, want := range map[string]int{"16": 5, "3": 1, "2": 1} {
		setEnvironment(t, map[string]string{"DB_POOL_TOTAL": total})
		read, err := readSettings()
		if err != nil || read.poolSize() != want {
			t.Errorf("%s over 3 processes: want %d, got %d, %v", total, want, read.poolSize(), err)
		}
	}
}

func TestAWrongSettingIsNamed(t *testing.T) {
	for name, value := range map[string]string{
		"PORT": "70000", "WORKERS": "0", "DB_POOL_TOTAL": "-1", "MIDDLEWARE_DEPTH": "-1", "JWT_SECRET": "",
	} {
		t.Run(name, func(t *testing.T) {
			setEnvironment(t, map[string]string{name: value})
			_, err := readSettings()
			if err == nil || !strings.Contains(strings.ReplaceAll(strings.ToUpper(err.Error()), "_", ""), strings.ReplaceAll(name, "_", "")) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestTheFiberServerIsOneProcess(t *testing.T) {
	setEnvironment(t, nil)
	if err := run([]string{"fiber"}); err == nil || !strings.Contains(err.Error(), "WORKERS must be 1") {
		t.Errorf("got %v", err)
	}
}
