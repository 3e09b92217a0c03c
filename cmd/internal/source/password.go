package source

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"eventscope/adapters"
)

// PasswordVariable is the environment variable that holds the password of every source
// that names a user and no password.
const PasswordVariable = "EVENTSCOPE_PASSWORD"

// FindPassword completes s with a password that its URL does not hold: from
// password_file, or from [PasswordVariable] when it names a user (or a bearer token).
func (s *Source) FindPassword(getenv func(string) string) error {
	if s.Password != "" {
		return nil
	}
	if s.PasswordFile != "" {
		password, err := ReadSecretFile(s.PasswordFile)
		if err != nil {
			return &adapters.Problem{
				Doing: "read the password of " + s.String(), Cause: err.Error(),
				Remedy: "name a file in password_file that holds the password alone", Kind: adapters.ErrUsage,
			}
		}
		s.Password, s.PasswordFrom = password, "file "+s.PasswordFile
		return nil
	}
	needed := s.User != "" || s.Mechanism == "oauthbearer"
	if password := getenv(PasswordVariable); password != "" && needed && s.Mechanism != "external" {
		s.Password, s.PasswordFrom = password, PasswordVariable
	}
	return nil
}

// Warning is what to tell an operator who wrote a password into a URL on the command
// line, or "". Passwords for this machine itself are not worth a word.
func (s Source) Warning() string {
	if s.PasswordFrom != "URL" && s.ManagementPasswordFrom != "URL" || s.Loopback() {
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
