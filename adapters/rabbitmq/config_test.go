package rabbitmq

import (
	"testing"

	"eventscope/adapters/driver"
)

// TestGuestHasTheBrokersOwnPassword, so that a URL need not tell what everybody knows;
// nobody else gets one.
func TestGuestHasTheBrokersOwnPassword(t *testing.T) {
	for _, test := range []struct {
		config         Config
		user, password string
	}{
		{Config{}, "guest", "guest"},
		{Config{User: "guest"}, "guest", "guest"},
		{Config{User: "guest", Password: secret}, "guest", secret},
		{Config{Password: secret}, "guest", secret},
		{Config{User: "ann"}, "ann", ""},
		{Config{External: true, TLS: &driver.TLS{Certificate: "a.pem", Key: "a.key"}}, "", ""},
	} {
		test.config.Address, test.config.Taps = "broker:5672", []Tap{{Exchange: "orders"}}
		got, err := test.config.withDefaults()
		if err != nil || got.User != test.user || got.Password != test.password {
			t.Errorf("%+v: user %q, password %q, %v", test.config, got.User, got.Password, err)
		}
	}
}
