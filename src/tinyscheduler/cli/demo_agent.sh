#!/bin/sh
# The demo's stand-in for a coding agent: it needs a POSIX shell and nothing else. It is started like
# any agent of kind "command", with the task on its standard input, and says how it went by a result
# file. What it pretends to do stands in the task's description, one word and value a line:
#
#   work: 2         work for that many seconds
#   again: 1        from the second attempt on, only for that many
#   fail: 3         end with that exit status and no result
#   handoff: qa     pass the task on to that queue; the agent there completes it on the server by itself
set -f
queue=$1
work=1 again= fail= handoff=

while read -r word value; do
    case $word in
        work:) work=$value ;;
        again:) again=$value ;;
        fail:) fail=$value ;;
        handoff:) handoff=$value ;;
        ---) break ;;
    esac
done
[ "$TINYSCHEDULER_ATTEMPT" = 1 ] || [ -z "$again" ] || work=$again

echo "$TKO_AGENT works on task $TINYSCHEDULER_TASK_ID for $work s"
sleep "$work"

if [ -n "$fail" ]; then
    echo "it does not compile" >&2
    exit "$fail"
fi
if [ "$handoff" = "$queue" ]; then
    # Words and quotes as a shell would read them: the command may be a path with blanks.
    "$TINYSCHEDULER_TASK_CMD" done "$TINYSCHEDULER_TASK_ID" --comment 'tested, all well'
    exit
fi
if [ -n "$handoff" ]; then
    result="{\"status\": \"handoff\", \"summary\": \"built, please test\", \"to\": {\"queue\": \"$handoff\"}}"
else
    result='{"status": "success", "summary": "all well"}'
fi
# The result has to appear whole: it is written beside its place and moved there.
echo "$result" >"$TINYSCHEDULER_RESULT_FILE.new"
mv "$TINYSCHEDULER_RESULT_FILE.new" "$TINYSCHEDULER_RESULT_FILE"
echo "done"
