// Records what Go's time package makes of durations, timestamps and time zones.
//
//	go run . cases.jsonl
package main

import (
	"bufio"
	"encoding/json"
	"math/rand"
	"os"
	"strconv"
	"strings"
	"time"
)

func check(err error) {
	if err != nil {
		panic(err)
	}
}

type duration struct {
	Duration string `json:"duration"`
	Error    bool   `json:"error,omitempty"`
	Nanos    int64  `json:"nanos"`
	Text     string `json:"text"`
	Whole    []int  `json:"whole"` // hours, minutes, seconds, milliseconds
}

type timestamp struct {
	Timestamp string           `json:"timestamp"`
	Error     bool             `json:"error,omitempty"`
	Seconds   int64            `json:"seconds"`
	Nanos     int              `json:"nanos"`
	Text      string           `json:"text"`
	Civil     map[string][]int `json:"civil"` // zone to year, month, day, weekday, day of year, hour, minute, second
}

var durations = strings.Split("0|+0|-0||s|.s|1|1s|-1s|+1s|1.s|.5s|-.5s|1.5h|1h1m1s1ms1us1ns|1µs|1μs|1 s| 1s|1s |1S|1d|1e3s|--1s|1s-1s|"+
	"9223372036854775807ns|9223372036854775808ns|-9223372036854775808ns|-9223372036854775809ns|2562047h47m16.854775807s|"+
	"2562047h47m16.854775808s|2562047.99999999999h|9223372036.854775807s|9999999999999999999s|99999999999999999999999ns|"+
	"0.000000001s|0.0000000001s|0.1234567890123456789s|0.99999999999999999999999h|1.00000000000000000000000000001s|"+
	"0000000000000000000000000000001s|3.9999999999m|1h.5m|1..5s|1.5.5s|1h1h|1hh|1m1|0s|00|000s|0.3ns|0.999ns|1000000s|1.000000001s|"+
	"100ms|1us|999ns|123456789ns|-1ns|33333333333333333333.3s|9007199254740993ns|4503599627370497.5us|1\u0661s", "|")

var timestamps = strings.Split("2009-02-13T23:31:30Z|2009-02-13T23:31:30.123456789Z|2009-02-13T23:31:30.1234567891Z|2009-02-13T23:31:30,5Z|"+
	"2009-02-13T3:31:30Z|2009-02-13T03:1:30Z|2009-02-13t23:31:30Z|2009-02-13 23:31:30Z|2009-02-13T23:31:30z|2009-02-13T23:31:30|2009-02-13|"+
	"2009-02-13T24:00:00Z|2009-02-13T23:60:00Z|2009-02-13T23:59:60Z|2009-02-29T00:00:00Z|2008-02-29T00:00:00Z|2000-02-29T00:00:00Z|1900-02-29T00:00:00Z|"+
	"2009-13-01T00:00:00Z|2009-00-01T00:00:00Z|2009-01-00T00:00:00Z|2009-01-32T00:00:00Z|2009-2-13T23:31:30Z|0001-01-01T00:00:00Z|0000-12-31T23:59:59Z|"+
	"0001-01-01T00:00:00+00:01|0001-01-01T00:00:00-00:01|9999-12-31T23:59:59.999999999Z|9999-12-31T23:59:59-00:01|9999-12-31T23:59:59+23:59|10000-01-01T00:00:00Z|"+
	"2009-02-13T23:31:30+02:00|2009-02-13T23:31:30-08:30|2009-02-13T23:31:30+24:00|2009-02-13T23:31:30+24:60|2009-02-13T23:31:30+25:00|2009-02-13T23:31:30+00:61|"+
	"2009-02-13T23:31:30+00:00|2009-02-13T23:31:30-00:00|2009-02-13T23:31:30+0200|2009-02-13T23:31:30+02|2009-02-13T23:31:30.Z|2009-02-13T23:31:30. Z|2009-02-13T23:31:30ZZ| 2009-02-13T23:31:30Z|"+
	"2009-02-13T23:31:30Z |2009-02-13T23:31:30.000Z|2009-02-13T23:31:30.100Z|1969-12-31T23:59:59.5Z|+009-02-13T23:31:30Z|2009-02-13T23:31:30.9999999999999999999999Z|2024-03-10T09:59:59Z|2024-03-10T10:00:00Z|"+
	"2024-11-03T08:59:59Z|2024-11-03T09:00:00Z|1883-11-18T18:00:00Z|1700-06-01T12:00:00Z|2037-07-01T00:00:00Z|2500-07-01T00:00:00Z|2009-02-1\u0663T23:31:30Z", "|")

var zones = []string{"", "UTC", "America/Los_Angeles", "Europe/Paris", "Australia/Sydney", "Asia/Kathmandu", "US/Central"}

func main() {
	file, err := os.Create(os.Args[1])
	check(err)
	out := bufio.NewWriter(file)
	lines := json.NewEncoder(out)
	random := rand.New(rand.NewSource(20261123))
	for range 400 {
		durations = append(durations, randomDuration(random))
		seconds := random.Int63n(253402300800+62135596800) - 62135596800
		moment := time.Unix(seconds, random.Int63n(1e9)).In(time.FixedZone("", (random.Intn(49)-24)*1800))
		timestamps = append(timestamps, moment.Format(time.RFC3339Nano))
	}
	for _, text := range durations {
		check(lines.Encode(observeDuration(text)))
	}
	for _, text := range timestamps {
		check(lines.Encode(observeTimestamp(text)))
	}
	check(out.Flush())
	check(file.Close())
}

func randomDuration(random *rand.Rand) string {
	var b strings.Builder
	b.WriteString([]string{"", "", "-", "+"}[random.Intn(4)])
	for range 1 + random.Intn(3) {
		b.WriteString(strconv.FormatInt(random.Int63()>>uint(random.Intn(63)), 10))
		if random.Intn(2) == 0 {
			b.WriteString("." + strconv.FormatInt(random.Int63()>>uint(random.Intn(63)), 10))
		}
		b.WriteString([]string{"ns", "us", "ms", "s", "m", "h"}[random.Intn(6)])
	}
	return b.String()
}

func observeDuration(text string) duration {
	d, err := time.ParseDuration(text)
	if err != nil {
		return duration{Duration: text, Error: true}
	}
	return duration{
		Duration: text,
		Nanos:    int64(d),
		Text:     strconv.FormatFloat(d.Seconds(), 'f', -1, 64) + "s",
		Whole:    []int{int(d.Hours()), int(d.Minutes()), int(d.Seconds()), int(d.Milliseconds())},
	}
}

func observeTimestamp(text string) timestamp {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil || t.Unix() < -62135596800 || t.Unix() > 253402300799 {
		return timestamp{Timestamp: text, Error: true}
	}
	civil := map[string][]int{}
	for _, zone := range zones {
		location, err := time.LoadLocation(zone)
		check(err)
		l := t.In(location)
		civil[zone] = []int{l.Year(), int(l.Month()), l.Day(), int(l.Weekday()), l.YearDay(), l.Hour(), l.Minute(), l.Second()}
	}
	return timestamp{text, false, t.Unix(), t.Nanosecond(), t.Format(time.RFC3339Nano), civil}
}
