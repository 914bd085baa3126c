// Copyright (c) 2026, harvester_ops.remediation contributors
// GNU General Public License v3.0+ (see LICENSES/GPL-3.0-or-later.txt or https://www.gnu.org/licenses/gpl-3.0.txt)
// SPDX-License-Identifier: GPL-3.0-or-later

// Answers questions, one JSON document a line, by asking the libraries Rancher is built with.
// tests/tools/record_library_answers.py builds it once for each release of Masterminds/semver.
package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os"

	"github.com/Masterminds/semver/v3"
	jsonpatch "github.com/evanphx/json-patch"
)

type question struct {
	Ask string `json:"ask"`
	A   string `json:"a"`
	B   string `json:"b,omitempty"`
}

type answer map[string]any

func main() {
	decoder, encoder := json.NewDecoder(os.Stdin), json.NewEncoder(os.Stdout)
	for {
		var asked question
		if err := decoder.Decode(&asked); errors.Is(err, io.EOF) {
			return
		} else if err != nil {
			panic(err)
		}
		if err := encoder.Encode(reply(asked)); err != nil {
			panic(err)
		}
	}
}

func reply(asked question) answer {
	switch asked.Ask {
	case "version":
		return version(asked.A)
	case "order":
		return order(asked.A, asked.B)
	case "constraint":
		return constraint(asked.A, asked.B)
	case "patch":
		return patch(asked.A, asked.B)
	}
	panic("cannot be asked: " + asked.Ask)
}

func version(text string) answer {
	parsed, err := semver.NewVersion(text)
	if err != nil {
		return answer{"error": err.Error()}
	}
	return answer{"text": parsed.String(), "metadata": parsed.Metadata()}
}

func order(left, right string) answer {
	a, errA := semver.NewVersion(left)
	b, errB := semver.NewVersion(right)
	if err := errors.Join(errA, errB); err != nil {
		return answer{"error": err.Error()}
	}
	return answer{"order": a.Compare(b)}
}

func constraint(text, candidate string) answer {
	wanted, err := semver.NewConstraint(text)
	if err != nil {
		return answer{"error": err.Error()}
	}
	parsed, err := semver.NewVersion(candidate)
	if err != nil {
		return answer{"error": err.Error()}
	}
	return answer{"admits": wanted.Check(parsed)}
}

// patch lays the map B over the map A, both written by Go first, as Rancher does.
func patch(below, above string) answer {
	document := compact(below)
	merged, err := jsonpatch.MergePatch(document, compact(above))
	if err != nil {
		return answer{"error": err.Error()}
	}
	return answer{"merged": json.RawMessage(merged), "same": bytes.Equal(merged, document)}
}

func compact(text string) []byte {
	var document map[string]any
	if err := json.Unmarshal([]byte(text), &document); err != nil {
		panic(err)
	}
	written, err := json.Marshal(document)
	if err != nil {
		panic(err)
	}
	return written
}
