package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"slices"
	"strings"
	"time"
)

// screen measures a program that draws a screen.
func screen(_ context.Context, args []string) error {
	flags := flag.NewFlagSet("screen", flag.ContinueOnError)
	size := flags.String("size", "120x40", "columns x rows")
	awaited := flags.String("await", "Stream", "text that says the screen is there; empty for a command that has none")
	press := flags.String("press", "", "keys to press first, with commas between: enter,esc,v")
	then := flags.String("then", "", "text that the last of these keys brings; how long that takes is measured")
	keys := flags.Int("keys", 0, "measure that many key presses: each types a letter at the : prompt and waits for it")
	quiet := flags.Int("quiet", 0, "measure that many presses of -key on a still screen: each waits for any output")
	key := flags.String("key", "j", "see -quiet")
	cost := flags.Int("cost", 0, "measure processor time and memory over so many seconds")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.NArg() == 0 {
		return errors.New("screen: no command")
	}
	t, err := startTerminal(*size, flags.Args())
	if err != nil {
		return err
	}
	defer t.end()
	if *awaited != "" {
		at, err := t.await(*awaited, 0, 20*time.Second)
		if err != nil {
			return err
		}
		fmt.Printf("start_ms %d\n", at.Sub(t.began).Milliseconds())
	}
	if err := t.pressAndAwait(*press, *then); err != nil {
		return err
	}
	switch {
	case *keys > 0:
		return t.typeKeys(*keys)
	case *quiet > 0:
		return t.quietKeys(*quiet, *key)
	case *cost > 0:
		return t.cost(time.Duration(*cost) * time.Second)
	}
	return nil
}

var namedKeys = map[string]string{"enter": "\r", "esc": "\x1b", "space": " ", "tab": "\t", "down": "\x1b[B"}

// keyNamed is what a terminal sends for a key.
func keyNamed(key string) string {
	if named, ok := namedKeys[key]; ok {
		return named
	}
	return key
}

func (t *terminal) press(keys string) error {
	for key := range strings.SplitSeq(keys, ",") {
		if key == "" {
			continue
		}
		if _, err := t.file.WriteString(keyNamed(key)); err != nil {
			return err
		}
		time.Sleep(700 * time.Millisecond)
	}
	return nil
}

// pressAndAwait presses keys, and measures how long it takes from the last one to a text, if
// there is one to wait for.
func (t *terminal) pressAndAwait(keys, then string) error {
	if then == "" {
		return t.press(keys)
	}
	at := strings.LastIndexByte(keys, ',')
	if err := t.press(keys[:max(at, 0)]); err != nil {
		return err
	}
	from, pressed := t.length(), time.Now()
	if _, err := t.file.WriteString(keyNamed(keys[at+1:])); err != nil {
		return err
	}
	came, err := t.await(then, from, time.Minute)
	if err != nil {
		return err
	}
	fmt.Printf("then_ms %d\n", came.Sub(pressed).Milliseconds())
	return nil
}

// typeKeys replaces one letter that no data has by another, again and again: the time
// until the terminal is sent the new one is the time from key to frame, however much else
// is drawn.
func (t *terminal) typeKeys(n int) error {
	const erase = "\x7f"
	if err := t.press(":,x"); err != nil {
		return err
	}
	late := lateness()
	times := make([]time.Duration, 0, n)
	for i := range n {
		letter := []string{"ß", "þ"}[i%2]
		from, pressed := t.length(), time.Now()
		if _, err := t.file.WriteString(erase + letter); err != nil {
			return err
		}
		at, err := t.await(letter, from, 5*time.Second)
		if err != nil {
			return err
		}
		times = append(times, at.Sub(pressed))
		time.Sleep(time.Duration(97+i*13%60) * time.Millisecond)
	}
	printTimes("key", times)
	printTimes("late", late())
	return nil
}

// lateness measures how late this process itself is woken from short sleeps, until the
// returned function is called: what a busy machine adds to every hop of every program.
func lateness() (end func() []time.Duration) {
	const sleep = 5 * time.Millisecond
	stop, result := make(chan struct{}), make(chan []time.Duration)
	go func() {
		var times []time.Duration
		for {
			select {
			case <-stop:
				result <- times
				return
			default:
				began := time.Now()
				time.Sleep(sleep)
				times = append(times, time.Since(began)-sleep)
			}
		}
	}()
	return func() []time.Duration { close(stop); return <-result }
}

func (t *terminal) quietKeys(n int, key string) error {
	times := make([]time.Duration, 0, n)
	for range n {
		t.still(200 * time.Millisecond)
		select {
		case <-t.more:
		default:
		}
		pressed := time.Now()
		if _, err := t.file.WriteString(keyNamed(key)); err != nil {
			return err
		}
		select {
		case <-t.more:
			times = append(times, time.Since(pressed))
		case <-time.After(5 * time.Second):
			return errors.New("a key press drew nothing")
		}
	}
	printTimes("key", times)
	return nil
}

func printTimes(name string, times []time.Duration) {
	slices.Sort(times)
	at := func(q float64) float64 { return float64(times[int(q*float64(len(times)-1))].Microseconds()) / 1000 }
	fmt.Printf("%s_p50_ms %.1f\n%s_p99_ms %.1f\n%s_max_ms %.1f\n", name, at(0.5), name, at(0.99), name, at(1))
}

func (t *terminal) cost(over time.Duration) error {
	time.Sleep(3 * time.Second) // what starting costs is not what running costs
	before, err := t.processorTime()
	if err != nil {
		return err
	}
	began, peak := time.Now(), 0
	for time.Since(began) < over {
		time.Sleep(500 * time.Millisecond)
		peak = max(peak, t.residentMiB())
	}
	after, err := t.processorTime()
	if err != nil {
		return err
	}
	fmt.Printf("cpu_percent %.2f\nrss_mib %d\n", 100*float64(after-before)/float64(time.Since(began)), peak)
	return nil
}
