// Package alert tells a person who looks elsewhere that something happened: it decides what is
// news, and says it by the terminal's bell, a notification of the desktop, or a program of the
// person's own.
//
// # Owner and concurrency
//
// A [Watch] belongs to the event loop. A [Sender] does not change; its program runs outside.
//
// # What may be lost
//
// News that come so fast that several are told as one: their number is told, and the name of the
// last.
//
// # Files
//
//	news.go   News; Watch: what is new, and how often that is told
//	sender.go Sender: how it is told
//
// # Not obvious
//
// What was there before one began to look is no news.
// A program is given facts as variables of its environment, and no shell reads them. It has the
// other variables of eventscope's own environment, less EVENTSCOPE_PASSWORD.
package alert
