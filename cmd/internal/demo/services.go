package demo

import "time"

// services defines the system: who reacts to what, and what follows. Each call makes
// new ones, since a service has a state of its own.
func services() []*service {
	return []*service{
		orderService(), paymentService(), fraudAgent(), inventoryService(), inventoryAgent(), shippingService(),
		userService(),
		signUpReader("mail", 80*time.Millisecond, 400*time.Millisecond, "WelcomeMailSent"),
		signUpReader("profile", 30*time.Millisecond, 150*time.Millisecond, "ProfileCreated"),
		signUpReader("analytics", 200*time.Millisecond, 900*time.Millisecond, "SignUpRecorded"),
	}
}
