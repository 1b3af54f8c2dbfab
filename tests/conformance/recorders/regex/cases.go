package main

import (
	"maps"
	"math/rand"
	"slices"
	"strings"
	"unicode"
)

type testCase struct {
	pattern string
	texts   []string
}

var plainTexts = []string{
	"", "a", "ab", "aab", "abc", "abcabc", "ba\nab", "a\n", "\na", "gpu-0", "A100-SXM4-80GB", "NVIDIA H100 80GB HBM3",
	"foo bar", "x_y z.w", "10.0.0.1", "driver.example.com", "éàü", "Σςσ", "K\u212ak ſs", "日本語 text", "\t\v\f\r ", "a-b]c^d",
}

// handWritten are patterns chosen for an edge of the syntax each; many of them are refused.
var handWritten = strings.Split(strings.TrimSpace(`
a
^a$
^a
a$
\Aa\z
\z
\Z
\A
(?m)^a$
(?m)^
(?m)$
(?s).
(?-s).
.
.*
.+
a*
a+
a?
a*?
a+?
a??
(?U)a*
(?U)a*?
(?U:a+)b
a|b
a|ab
ab|a
(a|ab)(c|bcd)
(a|b)*
(a|b)*?c
(|a)*
(|a)+
(a|)*
(a*)*
(a*)+
(a*)+?
(a*)*?b
(a?)*b
(a+)+$
(a|a)*b
(.*)*x
(a*|b)*
(a|b*)*
(?:a*?)*
(?:a*?)*?
(?:(?:a|)*|b)*
(|a){2,3}
(a?){3}
(a?){2,4}?
(a??){2,4}
(a*){0,2}b
(?:|a)?
(?:|a)??
(?:a|b|)??
a{0}
a{0}b
a{2}
a{1,}
a{2,}
a{0,}
a{1,2}
a{1,2}?
a{,3}
a{3
a{
{
{2}
a{2}{3}
a{2}*
a**
a*+
a++
a+?+
a*??
a???
(?:a*)*
(?i)*
a|*
(*)
*
+
?
^*
$*
^+a
\b*
(^a)*
(a
a)
)
(
()
(?:)
(?:)*
()|a
((((a))))
[a
[
[]
[]a]
[^]a]
[^]
[^a]
[a-]
[-a]
[a-z]
[z-a]
[a-\d]
[\d-z]
[\d\-z]
[[:alpha:]]
[[:^alpha:]]
[[:word:]-z]
[[:foo:]]
[[:alpha:]
[:alpha:]
[[:alpha]
[[a]
[a&&b]
[\w.-]+
[^\w\s]
[\]]
[\x41-\x{5a}]
[^\x00-\x{10FFFF}]
[^\x{0}-\x{10FFFF}]a
a[^\x{0}-\x{10FFFF}]*
[\b]
[\z]
[\Q]
[\pN\pL]+
\d
\D
\s+
\S+
\w+
\W
\b
\B
\ba
a\b
\Ba
\bfoo\b
(?i)\bs\b
\pN
\pL+
\PL
\p{Greek}+
\P{Greek}
\p{^Greek}
\P{^Greek}
\p{Lu}
\p{Letter}
\p{Uppercase_Letter}
\p{uppercase letter}
\p{Any}
\p{any}
\p{ASCII}
\p{Assigned}
\p{LC}
\p{lc}
\p{Foo}
\p{}
\p{
\p
\pz
\p{^}
\p{Old_Italic}
\p{greek}
\p{GREEK}
(?i)\p{Lu}
(?i)\P{Lu}
(?i)[\p{Lu}]+
(?i)[^\p{Lu}]+
(?i)\p{Greek}
(?i)k
(?i)[k]
(?i)[^k]
(?i)s+
(?i)[r-t]+
(?i)\w+
(?i)\W
(?i)[[:upper:]]+
(?i)σ
(?i)ΣΣ
(?i)É
(?i)a(?-i)b
(?i:a)b
(?i-s:a.)
(?-i)a
(?--i)a
(?-)a
(?i-)a
(?)a
(?:a
(?
(?i
(?i-
(?x)a
(?im-s)^a.$
(?imsU)^a.+
(?ii)a
(?P<n>a)
(?<n>a)
(?P<n>a)(?P<n>b)
(?P<1>a)
(?P<n-m>a)
(?P<n
(?P<>a)
(?<>a)
(?P<é>a)
(?P=n)
(?P>n)
(?'n'a)
(?<
(?P<
(?P
(?<=a)b
(?<!a)b
(?=a)
(?!a)
(?>a)
(?#c)
(?|a)
\1
(a)\1
\8
\0
\01
\012
\101
\1234
\400
\777
\x41
\x4
\x
\xg1
\x{41}
\x{}
\x{
\x{41
\x{g}
\x{10FFFF}
\x{110000}
\x{d800}
\a\f\n\r\t\v
\cA
\e
\C
\X
\R
\K
\G
\h
\N
\E
\Q
\Qa.b\E
\Qa.b
\Q\E*
a\Q\E*
a*\Q\E*
\Qab\E+
\Q\Qa\E
\.
\-
\_
\é
\/
\"
\ 
\<
a\
[a\
[a\]
(?i)[a\x{212a}]
a.c
(?s)a.b
^$
^^
$$
\z\z
$^
(?m)^$
(?m)a$^b
(?:^a|b)
(?:a|^b)
(^|x)a
a($|c)
foo|foobar
foobar|foo
fo+|foo?
abc|abd|abe
[ab]x|[ab]y
x*y*z*
(x+x+)+y
(a|b|ab)*c
([a-z]+)*0
([a-zA-Z0-9])(([\-.]|[_]+)?([a-zA-Z0-9]+))*@
^(([a-z])+.)+[A-Z]([a-z])+$
(.+)+\n
a.*b.*c
.*.*.*=.*
(a{0,10}){0,10}
a{1000}
a{1001}
a{0,1001}
a{1001,}
a{2,1}
a{99999999999}
a{2,99999999999}
a{99999999999
a{01}
a{1,02}
(a{100}){10}
(a{100}){11}
((a{10}){10}){10}
((a{10}){10}){11}
((a*){1000}){2}
(a{0}){1001}
((a{1000}){0}){1000}
(a{0,1}){1000}
(?:a{32}){32}
(?i)(?:AB|C)+
(?i)straße
[α-ω]+
[^α-ω]
[日本]+
日?本*
👍|a
[\x{1F000}-\x{1FFFF}]
^[a-z]+-[0-9]+$
^[a-z0-9]([-a-z0-9]*[a-z0-9])?$
^([a-z0-9]+\.)*[a-z0-9]+$
(\d+)\.(\d+)\.(\d+)
H100|A100
(?i)nvidia.*80gb
^NVIDIA (A|H)100
[0-9]+(GB|Gi)
\s*\S+\s*
a\nb
^.{3}$
^.{2,3}?
.{0,2}?b
[ac]*b?
(?:ab)+?c
(?:a|ab)+?c
a\z|b
(?:$)a
\w+$
\d+(?:\.\d+)?
(0|[1-9]\d*)\.
.*\.example\.com$
`), "\n")

// cases are the patterns by hand, every Unicode class by name, and random ones from a small grammar.
func cases() []testCase {
	out := []testCase{{"", plainTexts}, {"\n", plainTexts}, {"\\\n", plainTexts}, {"a\\", plainTexts}}
	for _, pattern := range handWritten {
		out = append(out, testCase{pattern, plainTexts})
	}
	probe := []string{"aZ9 _-\n\u0301é中Ωж\u202e\U0001F600€"}
	for _, names := range []map[string]*unicode.RangeTable{unicode.Categories, unicode.Scripts} {
		for _, name := range slices.Sorted(maps.Keys(names)) {
			out = append(out, testCase{`\p{` + name + `}`, probe}, testCase{`(?i)[\p{` + name + `}]`, probe})
		}
	}
	for _, name := range slices.Sorted(maps.Keys(unicode.CategoryAliases)) {
		out = append(out, testCase{`\p{` + name + `}`, probe})
	}
	out = append(out, limits()...)
	random := rand.New(rand.NewSource(20261123))
	for range 1500 {
		out = append(out, testCase{expression(random, 3), texts(random)})
	}
	for range 700 {
		out = append(out, testCase{noise(random), texts(random)[:1]})
	}
	return out
}

// limits are patterns at the edge of the size and nesting limits.
func limits() []testCase {
	var out []testCase
	add := func(pattern string) { out = append(out, testCase{pattern, []string{"aaa"}}) }
	for _, depth := range []int{10, 200, 990, 999, 1000, 1100} {
		add(strings.Repeat("(", depth) + "a" + strings.Repeat(")", depth))
		add(strings.Repeat("(?:", depth) + "a" + strings.Repeat(")", depth))
	}
	add(strings.Repeat("(?:", 500) + "a" + strings.Repeat(")*", 500))
	add(strings.Repeat("(?:", 1200) + "a" + strings.Repeat(")*", 1200))
	add(strings.Repeat("(", 3000))
	add(strings.Repeat(")", 3000))
	add(strings.Repeat("(?i)", 1500) + "A")
	add(strings.Repeat("a|", 1500))
	add("(?:" + strings.Repeat("[ab]c*", 500) + "){1000}")
	add("(?:" + strings.Repeat("a*", 3000) + "){1000}")
	add(strings.Repeat("a", 2000))
	return out
}

var atoms = []string{
	"a", "b", "c", "ab", ".", "[ab]", "[^a]", `\w`, `\d`, `\s`, "^", "$", `\b`, `\B`, `\z`, "(?i:A)", "é", `[[:alpha:]]`, "(?s:.)", "(?m:^)", "(?m:$)", "", `\W`,
}
var operators = []string{"*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{0,2}?", "{2,}", "{0}", "{1,3}?"}

func expression(random *rand.Rand, depth int) string {
	var b strings.Builder
	for range 1 + random.Intn(3) {
		piece := atoms[random.Intn(len(atoms))]
		if depth > 0 && random.Intn(3) > 0 {
			piece = expression(random, depth-1)
			if random.Intn(3) == 0 {
				piece += "|" + expression(random, depth-1)
			}
			piece = []string{"(", "(?:", "(?U:", "(?i:"}[random.Intn(4)] + piece + ")"
		}
		b.WriteString(piece)
		if random.Intn(5) < 2 {
			b.WriteString(operators[random.Intn(len(operators))])
		}
	}
	if random.Intn(8) == 0 {
		b.WriteString("|" + atoms[random.Intn(len(atoms))])
	}
	return b.String()
}

func noise(random *rand.Rand) string {
	alphabet := []string{
		"a", "b", "0", "9", "(", ")", "[", "]", "{", "}", "*", "+", "?", "|", "^", "$", `\`, ".", "-", ",", ":", "<", ">", "P", "p", "x", "i", "U", "Q", "E", "z", "=", "!", "é", "n",
		"(?", "[[:", ":]]", `\p{`, "[^", `\x{`, "(?:", "{1,",
	}
	var b strings.Builder
	for range 2 + random.Intn(9) {
		b.WriteString(alphabet[random.Intn(len(alphabet))])
	}
	return b.String()
}

func texts(random *rand.Rand) []string {
	alphabet := []rune("aaabbbcAB1 \né")
	var out []string
	for range 3 {
		var b strings.Builder
		for range random.Intn(12) {
			b.WriteRune(alphabet[random.Intn(len(alphabet))])
		}
		out = append(out, b.String())
	}
	return out
}
