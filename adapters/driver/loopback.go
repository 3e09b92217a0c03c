package driver

import "net"

// IsLoopback reports whether a host is this machine itself, so that what is sent there crosses no
// network.
func IsLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
