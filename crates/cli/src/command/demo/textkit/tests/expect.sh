# expect WANTED COMMAND...: ends the test unless the command prints WANTED.
expect() {
    wanted=$1
    shift
    got=$("$@")
    if [ "$got" != "$wanted" ]; then
        echo "$*: expected '$wanted', got '$got'"
        exit 1
    fi
}
