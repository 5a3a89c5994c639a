package exec

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"libhooks"
)

// outputs are the files that a config's annotations name for the output of its hooks; nil where
// they name none.
type outputs struct {
	stdout, stderr *output
}

func openOutputs(annotations map[string]string) (files outputs, err error) {
	if files.stdout, err = openOutput("stdout", annotations); err != nil {
		return outputs{}, err
	}
	if files.stderr, err = openOutput("stderr", annotations); err != nil {
		files.close()
		return outputs{}, err
	}
	return files, nil
}

func (o outputs) close() {
	for _, file := range []*output{o.stdout, o.stderr} {
		if file != nil {
			file.file.Close()
		}
	}
}

// output is no *os.File, which would become the hook's own descriptor: its last words are wanted
// for the result, too.
type output struct {
	file *os.File
}

// openOutput never waits for the file, nor follows a link: who set the annotation need not be who
// we are.
func openOutput(stream string, annotations map[string]string) (*output, error) {
	path, ok := annotations["run.oci.hooks."+stream]
	if !ok {
		return nil, nil
	}
	const flags = os.O_WRONLY | os.O_APPEND | os.O_CREATE | syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_NOCTTY
	file, err := os.OpenFile(path, flags, 0o600)
	if err == nil {
		var info fs.FileInfo
		if info, err = file.Stat(); err == nil && !info.Mode().IsRegular() {
			err = &fs.PathError{Op: "open", Path: path, Err: syscall.ENXIO}
		}
		if err != nil {
			file.Close()
		}
	}
	if err != nil {
		failure := &libhooks.Error{
			Kind:    "io",
			Code:    "start-failed",
			Message: fmt.Sprintf("opening %s file for config-filter hook: %v", stream, err),
		}
		if system, ok := err.(*fs.PathError); ok {
			failure.System = system
			failure.Errno, _ = system.Err.(syscall.Errno)
		}
		return nil, failure
	}
	return &output{file}, nil
}

// Write appends. Beyond the limit for files the system would end the program (SIGXFSZ) for what a
// hook writes.
func (o *output) Write(data []byte) (int, error) {
	var limit syscall.Rlimit
	info, err := o.file.Stat()
	if err == nil && syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit) == nil &&
		uint64(info.Size())+uint64(len(data)) > limit.Cur {
		return 0, &fs.PathError{Op: "write", Path: o.file.Name(), Err: syscall.EFBIG}
	}
	return o.file.Write(data)
}
