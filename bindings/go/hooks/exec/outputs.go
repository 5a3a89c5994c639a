package exec

import (
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"libhooks"
)

// outputs are the files for the output of hooks that the annotations of a config name. They are nil
// if there is no such annotation.
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

// output wraps a file. An *os.File would become the hook's own file descriptor, and the result
// would not contain the end of the output.
type output struct {
	file *os.File
}

// openOutput does not block, and does not follow a symbolic link: the author of the annotation may
// have fewer privileges than this process.
func openOutput(stream string, annotations map[string]string) (*output, error) {
	path, ok := annotations["run.oci.hooks."+stream]
	if !ok {
		return nil, nil
	}
	const flags = os.O_WRONLY | os.O_APPEND | os.O_CREATE |
		syscall.O_NOFOLLOW | syscall.O_NONBLOCK | syscall.O_NOCTTY
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

// Write appends to the file. It checks RLIMIT_FSIZE first: exceeding it would kill this process
// (SIGXFSZ) because of a hook's output.
func (o *output) Write(data []byte) (int, error) {
	var limit syscall.Rlimit
	info, err := o.file.Stat()
	if err == nil && syscall.Getrlimit(syscall.RLIMIT_FSIZE, &limit) == nil &&
		uint64(info.Size())+uint64(len(data)) > limit.Cur {
		return 0, &fs.PathError{Op: "write", Path: o.file.Name(), Err: syscall.EFBIG}
	}
	return o.file.Write(data)
}
