# What the control groups of checks have and do, for groups-limited.service. A kernel that lacks a
# controller must keep what cannot be limited from starting, and nothing else.
set -e
groups=/sys/fs/cgroup
test -e $groups/cgroup.controllers || exit 0
within=$groups/pilot/check.slice/check-inner.slice

has() {
    case " $(cat $groups/cgroup.controllers) " in *" $1 "*) return 0 ;; *) return 1 ;; esac
}
# The file of a group has that value.
is() {
    test "$(cat "$within/$1")" = "$2" || { echo "$1 is $(cat "$within/$1"), not $2"; exit 1; }
}
result() {
    pilotctl show --value -p Result "groups-in@$1.service"
}
run() {
    pilotctl start "groups-in@$1.service"
}

if has pids; then
    run tasks && exit 1
    is groups-in@tasks.service/pids.max 3
    test "$(result tasks)" = exit-code
    grep -q 'max [1-9]' $within/groups-in@tasks.service/pids.events
    test "$(cat $groups/pilot/check.slice/pids.max)" -gt 100
else
    run tasks && exit 1
    test "$(result tasks)" = resources
fi
if has memory; then
    run memory && exit 1
    is groups-in@memory.service/memory.max 12582912
    is groups-in@memory.service/memory.oom.group 1
    is memory.low 4194304
    test "$(cat $groups/pilot/check.slice/memory.low)" = 4194304
    test "$(cat $groups/pilot/memory.low)" = 4194304
    test "$(result memory)" = signal
    grep -q 'oom_kill [1-9]' $within/groups-in@memory.service/memory.events
    all=$(sed -n 's/^MemTotal: *\([0-9]*\) kB/\1/p' /proc/meminfo)
    share=$(cat $groups/pilot/check.slice/memory.max)
    test "$((share / 1024))" -gt "$((all / 3))"
    test "$((share / 1024))" -lt "$((all * 2 / 3))"
else
    run memory && exit 1
    test "$(result memory)" = resources
fi
run shares
within=$groups/pilot/nested.slice/nested-outer.slice/nested-outer-inner.slice
if has cpu; then
    test "$(cat $groups/pilot/nested.slice/cpu.weight)" = 50
    is groups-in@shares.service/cpu.weight 20
    is groups-in@shares.service/cpu.max '5000 100000'
fi
if has cpuset; then
    within=$groups/pilot/nested.slice
    is cpuset.cpus 0
    is cpuset.cpus.effective 0
fi
