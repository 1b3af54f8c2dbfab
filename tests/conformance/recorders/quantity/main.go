// Command quantity answers questions about Kubernetes quantities as apimachinery does.
//
// Standard input holds one JSON object a line, standard output repeats it with the answers:
//
//	{"in": "1.5Gi"}            a text for ParseQuantity
//	{"json": "\" 1 \""}        a raw JSON value for UnmarshalJSON
//	{"a": "1Gi", "b": "512Mi"} two texts to compare, add and subtract
//
// Run as `python cases.py | go run . | gzip -9n > ../../data/quantity.jsonl.gz`.
package main

import (
	"bufio"
	"encoding/json"
	"log"
	"os"
	"strconv"

	inf "gopkg.in/inf.v0"
	"k8s.io/apimachinery/pkg/api/resource"
)

type question struct {
	In   *string `json:"in,omitempty"`
	JSON *string `json:"json,omitempty"`
	A    *string `json:"a,omitempty"`
	B    *string `json:"b,omitempty"`
}

type single struct {
	question
	Error  string `json:"error,omitempty"`
	Out    string `json:"out,omitempty"`
	Format string `json:"format,omitempty"`
	Nanos  string `json:"nanos,omitempty"`
	Value  string `json:"value,omitempty"`
	Milli  string `json:"milli,omitempty"`
	Approx string `json:"approx,omitempty"`
}

type pair struct {
	question
	Cmp int    `json:"cmp"`
	Add string `json:"add"`
	Sub string `json:"sub"`
	Neg string `json:"neg"`
	// Exact results, in nanos.
	Sum        string `json:"sum"`
	Difference string `json:"difference"`
}

// nanos gives the exact value; it comes last because it changes how the quantity is stored.
func nanos(q resource.Quantity) string {
	dec := q.DeepCopy()
	whole := new(inf.Dec).Round(dec.AsDec(), 9, inf.RoundExact)
	if whole == nil {
		return "not whole"
	}
	return whole.UnscaledBig().String()
}

func answerOne(ask question) single {
	var q resource.Quantity
	var err error
	if ask.JSON != nil {
		err = q.UnmarshalJSON([]byte(*ask.JSON))
	} else {
		q, err = resource.ParseQuantity(*ask.In)
	}
	if err != nil {
		return single{question: ask, Error: err.Error()}
	}
	return single{
		question: ask,
		Out:      q.String(),
		Format:   string(q.Format),
		Value:    strconv.FormatInt(q.Value(), 10),
		Milli:    strconv.FormatInt(q.MilliValue(), 10),
		Approx:   strconv.FormatFloat(q.AsApproximateFloat64(), 'g', -1, 64),
		Nanos:    nanos(q),
	}
}

func answerPair(ask question) pair {
	a, b := resource.MustParse(*ask.A), resource.MustParse(*ask.B)
	sum, difference, negated := a.DeepCopy(), a.DeepCopy(), a.DeepCopy()
	sum.Add(b)
	difference.Sub(b)
	negated.Neg()
	return pair{
		question:   ask,
		Cmp:        a.Cmp(b),
		Add:        sum.String(),
		Sub:        difference.String(),
		Neg:        negated.String(),
		Sum:        nanos(sum),
		Difference: nanos(difference),
	}
}

func main() {
	lines := bufio.NewScanner(os.Stdin)
	out := json.NewEncoder(os.Stdout)
	for lines.Scan() {
		var ask question
		if err := json.Unmarshal(lines.Bytes(), &ask); err != nil {
			log.Fatalf("%s: %v", lines.Text(), err)
		}
		var answer any
		if ask.A != nil {
			answer = answerPair(ask)
		} else {
			answer = answerOne(ask)
		}
		if err := out.Encode(answer); err != nil {
			log.Fatal(err)
		}
	}
	if err := lines.Err(); err != nil {
		log.Fatal(err)
	}
}
