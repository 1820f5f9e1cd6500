package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"syscall"
	"time"

	"golang.org/x/sync/errgroup"
)

// preforkChild is how Fiber tells its prefork children from their parent (see fiber.IsChild).
const preforkChild = "FIBER_PREFORK_CHILD=1"

// supervise runs this program again as `workers` prefork children of Fiber, until ctx ends or one of them does.
//
// Fiber's own parent starts GOMAXPROCS children and kills the others the moment the first one ends, so that a
// shutdown would cut off answers; the children themselves (SO_REUSEPORT, GOMAXPROCS 1) are Fiber's.
func supervise(ctx context.Context, workers int) error {
	if os.Getpid() == 1 {
		return errors.New("prefork children take a parent with pid 1 for a dead one: run the container with an init process")
	}
	program, err := os.Executable()
	if err != nil {
		return err
	}
	// Linux ends the children when the thread that started them ends: it has to be one that lasts.
	runtime.LockOSThread()

	group, running := errgroup.WithContext(ctx)
	for range workers {
		child := exec.CommandContext(running, program, os.Args[1:]...)
		child.Env = append(os.Environ(), preforkChild)
		child.Stdout, child.Stderr = os.Stdout, os.Stderr
		child.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
		child.Cancel = func() error { return child.Process.Signal(syscall.SIGTERM) }
		child.WaitDelay = shutdownTimeout + 500*time.Millisecond

		if err := child.Start(); err != nil {
			group.Go(func() error { return fmt.Errorf("start a child: %w", err) })
			break
		}
		group.Go(func() error {
			_ = child.Wait() // the process state says more
			if ctx.Err() != nil && child.ProcessState.Success() {
				return nil
			}
			return fmt.Errorf("child %d ended: %v", child.Process.Pid, child.ProcessState)
		})
	}
	return group.Wait()
}
