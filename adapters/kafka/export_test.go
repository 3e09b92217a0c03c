package kafka

import "time"

// WithPatience is the config with another time for which a scan waits for what does not come.
func (c Config) WithPatience(d time.Duration) Config {
	c.patience = d
	return c
}
