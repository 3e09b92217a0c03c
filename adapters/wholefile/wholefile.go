package wholefile

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
)

// Replace puts data in the place of a file, which nobody else may read. It is on disk, its name
// included, when Replace returns; after an error the file is what it was, or what it should be.
func Replace(path string, data []byte) error {
	folder := filepath.Dir(path)
	file, err := os.CreateTemp(folder, filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	_, err = file.Write(data)
	if err = errors.Join(err, file.Sync(), file.Close()); err == nil {
		err = os.Rename(file.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(file.Name()))
	}
	return SyncFolder(folder, (*os.File).Sync)
}

// SyncFolder sees to it, by sync, that the names in a folder are on disk. Windows lets nobody sync a
// folder, and keeps names in a journal of its own.
func SyncFolder(path string, sync func(*os.File) error) error {
	if runtime.GOOS == "windows" {
		return nil
	}
	folder, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(sync(folder), folder.Close())
}
