// Package exec is where the functions will be that run hooks. For now it has what does not need libhooks.so.
package exec

import "time"

// DefaultPostKillTimeout is how long to wait for a hook that was killed.
const DefaultPostKillTimeout = time.Duration(10) * time.Second
