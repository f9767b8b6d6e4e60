//! What services see of the file system: `ProtectSystem=`, `PrivateTmp=` and their kin.

use std::fs;
use std::io::Write;
use std::os::unix::net::UnixStream;
use std::time::Instant;

use crate::stage::{Actor, Stage};
use crate::try_cases;
use crate::world::{PATIENCE, World};

pub fn all(world: &mut World) {
    for folder in [
        "/home/user",
        "/opt",
        "/srv/data/fixed",
        "/srv/hidden/inner",
        "/srv/lent",
        "/srv/shared/inner",
        "/tmp",
        "/var/tmp",
    ] {
        fs::create_dir_all(world.path(folder)).unwrap();
    }
    fs::write(world.path("/etc/secret"), "secret").unwrap();
    try_cases(
        world,
        &[
            ("a_service_sees_what_it_is_to_see", a_service_sees_what_it_is_to_see),
            ("a_tmp_goes_with_its_service", a_tmp_goes_with_its_service),
            ("a_path_that_must_be_there_is", a_path_that_must_be_there_is),
            ("a_service_may_be_alone_on_the_network", a_service_may_be_alone),
            ("each_connection_has_its_own_tmp", each_connection_has_its_own_tmp),
        ],
    );
}

/// How a path is seen: `writable`, or the error, and how many entries there are.
fn reach(actor: &mut Actor, path: &str) -> String {
    actor.order(&format!("reach {path}"));
    actor.hear().unwrap()
}

fn mounts(world: &World) -> String {
    fs::read_to_string(world.path("/proc/1/mountinfo")).unwrap()
}

/// Through the commands before it to the program.
fn start(world: &World, stage: &Stage) -> Actor {
    world.control(&["start", "--no-block", "confined.service"]);
    stage.enter("bare").order("exit 0");
    stage.enter("pre").order("exit 0");
    stage.enter("confined")
}

fn a_service_sees_what_it_is_to_see(world: &mut World) {
    let stage = Stage::new(world);
    let before = mounts(world);
    world.control(&["start", "--no-block", "confined.service"]);
    let mut bare = stage.enter("bare");
    assert_eq!(reach(&mut bare, "/srv"), "writable 4");
    assert!(reach(&mut bare, "/home").starts_with("writable"));
    bare.order("exit 0");
    let mut pre = stage.enter("pre");
    pre.does("write /tmp/from-pre");
    pre.does("write /var/tmp/other");
    pre.order("exit 0");
    let mut main = stage.enter("confined");
    for (path, seen) in [
        ("/tmp", "writable 1"),
        ("/tmp/from-pre", "writable"),
        ("/var/tmp", "writable 1"),
        ("/srv", "read-only 5"),
        ("/etc", "read-only"),
        ("/run", "read-only"),
        ("/run/confined", "writable 0"),
        ("/srv/data", "writable 1"),
        ("/srv/data/fixed", "read-only 0"),
        ("/srv/hidden", "read-only 0"),
        ("/etc/secret", "read-only"),
        ("/home", "read-only 0"),
        ("/opt", "read-only 1"),
        ("/opt/shared", "read-only 1"),
        ("/srv/made", "writable 0"),
        ("/dev", "writable"),
        ("/sys/fs/cgroup", "read-only"),
        ("/proc/sys/kernel/hostname", "read-only"),
    ] {
        let found = reach(&mut main, path);
        assert!(found.starts_with(seen), "{path}: {found}");
    }
    main.order("size /etc/secret");
    main.says("0");
    // The board has nothing of all that.
    assert_eq!(mounts(world), before);
    assert!(!world.path("/tmp/from-pre").exists());
    assert!(world.path("/srv/made").exists());
    let show = |name| world.property(name, &["confined.service"]);
    assert_eq!(show("ProtectSystem"), "strict");
    assert_eq!(show("ReadWritePaths"), "/srv/data -/srv/absent");
    assert_eq!(show("CapabilityBoundingSet").len(), 16);
    world.control(&["stop", "confined.service"]);
}

fn a_tmp_goes_with_its_service(world: &mut World) {
    let stage = Stage::new(world);
    let mut main = start(world, &stage);
    let folder = world.path("/run/pilot/private/confined.service");
    main.does("write /tmp/mine");
    assert!(folder.join("tmp/mine").exists());
    world.control(&["restart", "--no-block", "confined.service"]);
    stage.enter("bare").order("exit 0");
    stage.enter("pre").order("exit 0");
    let mut again = stage.enter("confined");
    assert_eq!(reach(&mut again, "/tmp"), "writable 0");
    world.control(&["stop", "confined.service"]);
    let begin = Instant::now();
    while folder.exists() {
        assert!(begin.elapsed() < PATIENCE, "{}", folder.display());
        // A turn of PID 1.
        world.property("ActiveState", &["confined.service"]);
    }
}

fn a_path_that_must_be_there_is(world: &mut World) {
    let stage = Stage::new(world);
    world.control(&["start", "astray.service"]);
    world.wait_for_line("astray.service: namespaces: no such file");
    assert_eq!(world.property("ExecMainStatus", &["astray.service"]), "226");
    fs::create_dir(world.path("/srv/absent")).unwrap();
    world.control(&["start", "astray.service"]);
    let mut astray = stage.enter("astray");
    assert_eq!(reach(&mut astray, "/srv/absent"), "read-only 0");
    world.control(&["stop", "astray.service"]);
}

fn a_service_may_be_alone(world: &mut World) {
    let stage = Stage::new(world);
    let mut connection = UnixStream::connect(world.path("/run/alone-in-net.sock")).unwrap();
    let mut alone = stage.enter("alone-in-net");
    alone.order("file /proc/net/dev");
    assert_eq!(alone.hear().as_deref(), Some("3 lines"), "two of heading, and the loopback");
    // Up: a listener in there can be reached from there.
    alone.does("loopback");
    alone.does("name another");
    let before = fs::read_to_string(world.path("/proc/sys/kernel/hostname")).unwrap();
    assert_ne!(before.trim(), "another");
    // It was passed the board's listener.
    connection.write_all(b"hello").unwrap();
    alone.does("block alone-in-net.socket");
    alone.order("answer alone-in-net.socket");
    alone.says("hello");
    world.control(&["stop", "alone-in-net.service", "alone-in-net.socket"]);
}

fn each_connection_has_its_own_tmp(world: &mut World) {
    let stage = Stage::new(world);
    let connect = || UnixStream::connect(world.path("/run/own-tmp.sock")).unwrap();
    let _one = connect();
    let mut one = stage.enter("own-tmp");
    one.does("write /tmp/mine");
    let _other = connect();
    let mut other = stage.enter("own-tmp");
    assert_eq!(reach(&mut other, "/tmp"), "writable 0");
    assert_eq!(reach(&mut one, "/tmp"), "writable 1");
    one.order("exit 0");
    other.order("exit 0");
}
