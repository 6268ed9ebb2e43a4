. tests/expect.sh
. lib/upper.sh
expect HELLO upper hello
expect 'A 1' upper 'a 1'
