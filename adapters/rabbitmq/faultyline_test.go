package rabbitmq

import (
	"bufio"
	"encoding/binary"
	"io"
	"net"
	"sync"
	"testing"
	"time"
)

// fault is something that happens to one frame instead of its being passed on well.
type fault int

const (
	well   fault = iota // it is passed on
	late                // it comes after all that is usually waited for
	broken              // the connection ends before it
	cut                 // and in the middle of it
	lost                // and right after it, so that whoever sent it cannot know
	failed              // instead of it, the broker ends the connection with an internal error
	denied              // instead of it, the broker closes the channel
	stuck               // neither it nor anything behind it comes, but heartbeats
)

var faultNames = map[fault]string{well: "well", late: "late", broken: "broken", cut: "cut", lost: "lost", failed: "failed", denied: "denied", stuck: "stuck"}

func (f fault) String() string { return faultNames[f] }

// lateness is longer than the adapter waits for the first message of a stream's end.
const lateness = 1700 * time.Millisecond

// faultyLine is a way to a broker on which one frame meets a fault. Frames are counted over
// all connections, in the order in which they pass; heartbeats are not.
type faultyLine struct {
	listener net.Listener
	address  string // of the broker
	working  sync.WaitGroup

	mu       sync.Mutex
	closing  bool
	open     map[net.Conn]bool
	fault    fault
	toBroker bool                    // which way the frame goes
	at       int                     // which frame of that way
	only     func(frame []byte) bool // if not nil, others do not count
	passed   map[bool]int
	happened chan struct{} // closed when the fault has been met
}

func newFaultyLine(t testing.TB, address string) *faultyLine {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l := &faultyLine{listener: listener, address: address, open: map[net.Conn]bool{}, passed: map[bool]int{}, happened: make(chan struct{})}
	l.working.Go(func() {
		for {
			from, err := listener.Accept()
			if err != nil {
				return
			}
			l.working.Go(func() { l.serve(from) })
		}
	})
	return l
}

// close ends all connections, and waits until nothing of the line is left.
func (f *faultyLine) close() {
	f.listener.Close()
	f.mu.Lock()
	f.closing = true
	for conn := range f.open {
		conn.Close()
	}
	f.mu.Unlock()
	f.working.Wait()
}

// keep notes connections, to be closed with the line.
func (f *faultyLine) keep(conns ...net.Conn) bool {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, conn := range conns {
		f.open[conn] = true
	}
	return !f.closing
}

func (f *faultyLine) serve(client net.Conn) {
	broker, err := net.Dial("tcp", f.address)
	if err != nil {
		client.Close()
		return
	}
	end := func() { client.Close(); broker.Close() }
	defer end()
	if !f.keep(client, broker) {
		return
	}
	const hello = 8 // the protocol header
	if _, err := io.CopyN(broker, client, hello); err != nil {
		return
	}
	var there sync.WaitGroup
	there.Go(func() {
		defer end()
		(&way{line: f, from: bufio.NewReader(client), to: broker, back: client, toBroker: true}).run()
	})
	(&way{line: f, from: bufio.NewReader(broker), to: client}).run()
	end()
	there.Wait()
}

// meets counts a frame and says what happens to it.
func (f *faultyLine) meets(toBroker bool, frame []byte) fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.only != nil && !f.only(frame) {
		return well
	}
	n := f.passed[toBroker]
	f.passed[toBroker]++
	if f.fault == well || toBroker != f.toBroker || n != f.at {
		return well
	}
	close(f.happened)
	return f.fault
}

// frames is how many frames have passed one way.
func (f *faultyLine) frames(toBroker bool) int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.passed[toBroker]
}

// way is one direction of one connection.
type way struct {
	line     *faultyLine
	from     *bufio.Reader
	to, back net.Conn
	toBroker bool
	stuck    bool
	muted    map[uint16]bool // channels that were closed here, until they are opened anew
}

const frameHead = 7 // type, channel, size of the payload

// run passes frames on until the connection ends.
func (w *way) run() {
	w.muted = map[uint16]bool{}
	for {
		head, err := w.from.Peek(frameHead)
		if err != nil {
			return
		}
		frame := make([]byte, frameHead+int(binary.BigEndian.Uint32(head[3:]))+1)
		if _, err := io.ReadFull(w.from, frame); err != nil || !w.pass(frame) {
			return
		}
	}
}

// pass passes a frame on, or does what happens to it. It is false when the connection is to end.
func (w *way) pass(frame []byte) bool {
	if frame[0] == 8 { // a heartbeat
		return w.write(frame)
	}
	channel := binary.BigEndian.Uint16(frame[1:])
	if isMethod(frame, 20, 11) { // channel.open-ok
		delete(w.muted, channel)
	}
	meets := w.line.meets(w.toBroker, frame)
	if w.stuck || w.muted[channel] {
		return true
	}
	switch meets {
	case late:
		<-time.After(lateness)
	case broken:
		return false
	case cut:
		w.write(frame[:len(frame)/2])
		return false
	case lost:
		w.write(frame)
		<-time.After(20 * time.Millisecond) // for the other side to read it before it sees the end
		return false
	case failed:
		w.write(method(0, 10, 50, closing(541, "INTERNAL_ERROR - a test wants it")))
		w.stuck = true // until the client hangs up
		return true
	case denied:
		if channel == 0 {
			return false
		}
		w.muted[channel] = true
		return w.write(method(channel, 20, 40, closing(506, "RESOURCE_ERROR - a test wants it")))
	case stuck:
		w.stuck = true
		return true
	}
	return w.write(frame)
}

func (w *way) write(frame []byte) bool {
	_, err := w.to.Write(frame)
	return err == nil
}

// isMethod reports whether a frame is a method of a class.
func isMethod(frame []byte, class, number uint16) bool {
	return frame[0] == 1 && len(frame) > frameHead+4 && binary.BigEndian.Uint16(frame[frameHead:]) == class && binary.BigEndian.Uint16(frame[frameHead+2:]) == number
}

// method is the frame of a method, AMQP 0-9-1 section 2.3.5.
func method(channel, class, number uint16, arguments []byte) []byte {
	frame := []byte{1}
	frame = binary.BigEndian.AppendUint16(frame, channel)
	frame = binary.BigEndian.AppendUint32(frame, uint32(4+len(arguments)))
	frame = binary.BigEndian.AppendUint16(frame, class)
	frame = binary.BigEndian.AppendUint16(frame, number)
	return append(append(frame, arguments...), 0xce)
}

// closing are the arguments of connection.close and channel.close.
func closing(code uint16, text string) []byte {
	arguments := binary.BigEndian.AppendUint16(nil, code)
	arguments = append(append(arguments, byte(len(text))), text...)
	return append(arguments, 0, 0, 0, 0) // of no method
}
