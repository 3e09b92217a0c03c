package source

import (
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"slices"
	"strings"

	"eventscope/adapters"
	"eventscope/adapters/driver"
)

// PasswordVariable is the environment variable that holds the password of the one source
// that names a user and no password.
const PasswordVariable = "EVENTSCOPE_PASSWORD"

// FindPassword completes s with passwords that its URL does not hold: from password_file and
// the like, or from [PasswordVariable] when it names a user (or logs in by a bearer token). A
// password is for the host that it was given for: that of the broker is not told to an HTTP
// API elsewhere.
func (s *Source) FindPassword(getenv func(string) string) error {
	needed := (s.User != "" || s.mechanism().Token) && !s.mechanism().Keyless
	switch password := getenv(PasswordVariable); {
	case s.Password != "":
	case s.PasswordFile != "":
		if err := s.readPassword("password_file", &s.Login); err != nil {
			return err
		}
	case password != "" && needed:
		s.Password, s.PasswordFrom = password, PasswordVariable
	}
	if err := s.Registry.findSecrets(s); err != nil {
		return err
	}
	for _, p := range s.Driver.Parameters {
		if _, named := s.APIs[p.Name]; named {
			if err := s.findAPIPassword(p.Name); err != nil {
				return err
			}
		}
	}
	return nil
}

// findAPIPassword completes the login of an HTTP API.
func (s *Source) findAPIPassword(parameter string) error {
	api := s.APIs[parameter]
	if api.Password == "" && api.PasswordFile != "" {
		if err := s.readPassword(parameter+passwordFile, &api.Login); err != nil {
			return err
		}
		s.changeAPI(parameter, func(changed *driver.HTTPEndpoint) { *changed = api })
	}
	if s.Password != "" && api.Password == "" && s.elsewhere(api) {
		return &adapters.Problem{
			Doing: "give the " + parameter + " API a password", Cause: "it is on another host than " + s.place() + ", for which the password was given",
			Remedy: "name a file that holds the one for the " + parameter + " API in " + parameter + passwordFile + "=, or write it into the config", Kind: adapters.ErrUsage,
		}
	}
	return nil
}

// readPassword reads the file that a parameter names. What is named is not repeated: where
// there is no such file it may be the password itself.
func (s *Source) readPassword(parameter string, login *driver.Login) error {
	password, err := ReadSecretFile(login.PasswordFile)
	if err == nil {
		login.Password, login.PasswordFrom = password, "file "+login.PasswordFile
		return nil
	}
	cause := err.Error()
	if _, absent := os.Stat(login.PasswordFile); absent != nil {
		cause = fmt.Sprintf("the file that it names cannot be read (%v)", reason(absent))
	}
	return &adapters.Problem{
		Doing: "read the " + parameter + " of " + s.place(), Cause: cause,
		Remedy: "name a file that holds the password alone", Kind: adapters.ErrUsage,
	}
}

// place is the source for a sentence about its password, which its parameters are not for.
func (s *Source) place() string { return s.address(s.namespace(), false) }

// CheckPasswords refuses to tell the one password of [PasswordVariable] to several brokers,
// of which all but one would learn the password of another.
func CheckPasswords(sources []Source) error {
	var places []string
	for _, s := range sources {
		if s.PasswordFrom == PasswordVariable && !slices.Contains(places, s.whose()) {
			places = append(places, s.whose())
		}
	}
	if len(places) < 2 {
		return nil
	}
	return &adapters.Problem{
		Doing: "tell the password of " + PasswordVariable + " to " + strings.Join(places, " and to "), Cause: "it is one password, and each would learn it",
		Remedy: "give each source its own, by password_file= or in the config", Kind: adapters.ErrUsage,
	}
}

// whose is the user and the broker that a password is of.
func (s *Source) whose() string { return s.address("", false) }

// Warnings say what an operator should know of how the passwords of sources were given and
// where they go; a line each, none for this machine itself.
func Warnings(sources []Source) (warnings []string) {
	var open, better []string
	for _, s := range sources {
		if warning := s.Warning(); warning != "" {
			warnings = append(warnings, warning)
		}
		places, instead := s.inClear()
		open, better = append(open, places...), append(better, instead...)
	}
	if len(open) > 0 {
		warning := "passwords cross the network unencrypted to " + strings.Join(open, " and ")
		if len(better) > 0 {
			slices.Sort(better)
			warning += "; use " + oneOf(slices.Compact(better), " and ")
		}
		warnings = append(warnings, warning)
	}
	return warnings
}

// inClear lists the places to which s sends a password that others on the way can read, and
// what would encrypt it.
func (s *Source) inClear() (places, instead []string) {
	if s.Password != "" && s.TLS == nil && !s.mechanism().Proves && !s.Loopback() {
		places = append(places, s.place())
		if encrypted := schemeOf(s.Driver, true); encrypted.TLS {
			instead = append(instead, encrypted.Name+"://")
		}
	}
	for _, p := range s.Driver.Parameters {
		api := s.APIs[p.Name]
		if address := addressOf(api); strings.HasPrefix(api.URL, "http://") && s.Password+api.Password != "" && notLoopback(address) {
			places, instead = append(places, "http://"+address), append(instead, p.Name+"=https://")
		}
	}
	for _, at := range s.Registry.URLs {
		if address := addressOf(driver.HTTPEndpoint{URL: at}); s.Registry.secret() && strings.HasPrefix(at, "http://") && notLoopback(address) {
			places, instead = append(places, "http://"+address), append(instead, "registry=https://")
		}
	}
	if at, err := url.Parse(s.Registry.OAuth.URL); err == nil && at.Scheme == "http" && !driver.IsLoopback(at.Hostname()) {
		places, instead = append(places, "http://"+at.Host), append(instead, "registry_oauth_url=https://")
	}
	return places, instead
}

// Warning is what to tell an operator who wrote a password into a URL on the command
// line, or "". Passwords for this machine itself are not worth a word.
func (s Source) Warning() string {
	written := s.PasswordFrom == "URL" || s.Registry.PasswordFrom == "URL"
	for _, api := range s.APIs {
		written = written || api.PasswordFrom == "URL"
	}
	if !written || s.Loopback() {
		return ""
	}
	return fmt.Sprintf("the password in %s is visible in the list of processes and the shell's history; use %s, password_file= or the config instead", s, PasswordVariable)
}

// ReadSecretFile reads a secret from a file: its contents less one line end. It
// refuses regular files that everybody may read. Its errors name the file only.
func ReadSecretFile(path string) (string, error) {
	const longest = 64 << 10
	info, err := os.Stat(path)
	if err != nil {
		return "", fmt.Errorf("the file %s cannot be read (%w)", path, reason(err))
	}
	if info.IsDir() || (info.Mode().IsRegular() && info.Size() > longest) {
		return "", fmt.Errorf("%s is not a file with a secret in it", path)
	}
	if info.Mode().IsRegular() && info.Mode().Perm()&0o004 != 0 {
		return "", fmt.Errorf("everybody may read the file %s: run chmod 600 %s", path, path)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("the file %s cannot be read (%w)", path, reason(err))
	}
	secret := strings.TrimSuffix(strings.TrimSuffix(string(data), "\n"), "\r")
	if secret == "" || len(data) > longest {
		return "", fmt.Errorf("the file %s is empty or far too long for a secret", path)
	}
	return secret, nil
}

// reason is what the system said, without the path that it puts before that.
func reason(err error) error {
	if wrapped := (*fs.PathError)(nil); errors.As(err, &wrapped) {
		return wrapped.Err
	}
	return err
}
