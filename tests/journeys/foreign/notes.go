// Opens a signed note by Go's own implementation (golang.org/x/mod/sumdb/note), with any number of
// verifier keys; co-signatures (c2sp.org/tlog-cosignature, type 4) have a verifier here.
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go run notes.go KEY... < note
package main

import (
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"log"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
)

type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

func (c cosigner) Name() string    { return c.name }
func (c cosigner) KeyHash() uint32 { return c.hash }
func (c cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}

func verifier(vkey string) note.Verifier {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) == 3 {
		raw, err := base64.StdEncoding.DecodeString(parts[2])
		if err == nil && len(raw) == 33 && raw[0] == 4 {
			sum := sha256.Sum256(append([]byte(parts[0]+"\n"), raw...))
			return cosigner{parts[0], binary.BigEndian.Uint32(sum[:]), raw[1:]}
		}
	}
	known, err := note.NewVerifier(vkey)
	if err != nil {
		log.Fatal(err)
	}
	return known
}

func main() {
	var known []note.Verifier
	for _, vkey := range os.Args[1:] {
		known = append(known, verifier(vkey))
	}
	msg, err := io.ReadAll(os.Stdin)
	if err != nil {
		log.Fatal(err)
	}
	opened, err := note.Open(msg, note.VerifierList(known...))
	if err != nil {
		log.Fatal(err)
	}
	for _, sig := range opened.Sigs {
		fmt.Println(sig.Name)
	}
}
