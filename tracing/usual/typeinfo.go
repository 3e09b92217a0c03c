package usual

import (
	"strings"
	"unicode"
)

// failureWords and compensationWords are what type names say in practice; a word of a
// type counts when it begins with one of these (conventions of sagas: the undoing of a
// step is named by its own verb).
var (
	failureWords      = []string{"fail", "reject", "declin", "error", "denied", "timedout", "timeout", "abort", "exhausted"}
	successWords      = []string{"process", "complet", "succe", "approv", "accept", "confirm", "captur", "authori", "settl", "paid", "done", "ok", "fulfil", "finish", "deliver", "reserv", "shipped", "prepared", "sent", "handled"}
	compensationWords = []string{"cancel", "refund", "releas", "revert", "compensat", "void", "undo", "undid", "rollback", "rolledback", "revers"}
)

// TypeInfo is what the name of a type says.
type TypeInfo struct {
	Failure      bool   // it reports one
	Compensation bool   // it undoes something
	Subject      string // its first word is what it is about: Payment of PaymentFailed
	Success      bool   // it says that something went well
}

// TypeInfoOf tells from a type's name whether it reports a failure or a success, or undoes
// something. "not_failed" and its like are not understood; nobody names an event so.
func TypeInfoOf(kind string) (is TypeInfo) {
	words := typeWords(kind)
	if len(words) > 0 {
		is.Subject = words[0]
	}
	for _, word := range words {
		if word == "failover" {
			continue
		}
		is.Failure = is.Failure || beginsWithAny(word, failureWords)
		is.Compensation = is.Compensation || beginsWithAny(word, compensationWords)
		is.Success = is.Success || beginsWithAny(word, successWords)
	}
	is.Success = is.Success && !is.Failure && !is.Compensation
	return is
}

func beginsWithAny(word string, beginnings []string) bool {
	for _, beginning := range beginnings {
		if strings.HasPrefix(word, beginning) {
			return true
		}
	}
	return false
}

// typeWords splits OrderTimedOut, order_timed_out, order.timed-out into lower-case words;
// "timed out" and "rolled back" come as one.
func typeWords(kind string) []string {
	var words []string
	var word []rune
	end := func() {
		if len(word) > 0 {
			words = append(words, strings.ToLower(string(word)))
			word = word[:0]
		}
	}
	before := rune(0)
	for _, r := range kind {
		if !unicode.IsLetter(r) || unicode.IsUpper(r) && !unicode.IsUpper(before) {
			end()
		}
		if unicode.IsLetter(r) {
			word = append(word, r)
		}
		before = r
	}
	end()
	for i := 0; i+1 < len(words); i++ {
		if pair := words[i] + words[i+1]; pair == "timedout" || pair == "rolledback" {
			words = append(words, pair)
		}
	}
	return words
}
