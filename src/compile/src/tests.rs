//! The compiler from outside: sources in, table or diagnostics out.

use unit::{Kind, Table, Word};

use crate::{Image, Source, compile_sources};

/// Splits a text at lines `--- NAME` into files.
fn sources(text: &str) -> Vec<Source> {
    let files = text.split("--- ").skip(1);
    let files = files.map(|file| file.split_once('\n').expect("a line after the name"));
    files.map(|(path, text)| Source { path: path.into(), text: text.into() }).collect()
}

fn compile(text: &str) -> Image {
    let conf = Source { path: "board.conf".into(), text: Vec::new() };
    match compile_sources(&conf, &sources(text)) {
        Ok((image, _)) => image,
        Err(failure) => panic!("{failure}"),
    }
}

const WEB: &str = "\
--- web.socket
[Socket]
ListenStream=8080
ListenStream=/run/web.sock
[Install]
WantedBy=sockets.target
--- web.service
[Service]
Type=notify
ExecStart=/usr/sbin/web --root ${ROOT} $OPTIONS \"a b\"
Environment=ROOT=/www 'OPTIONS=-v -x'
";

#[test]
fn a_socket_and_its_service_become_a_table() {
    let image = compile(WEB);
    let table = Table::open(&image.table).expect("a good table");
    let socket = table.find("web.socket").expect("the socket");
    let service = table.find("web.service").expect("the service");
    assert!(socket < service, "a socket comes before its service");
    let Kind::Socket(each) = table.unit(socket).kind else { panic!("not a socket") };
    assert_eq!((each.service, each.listener_count, each.backlog), (service, 2, u32::MAX));
    let Kind::Service(each) = table.unit(service).kind else { panic!("not a service") };
    assert!(each.sockets.iter().eq([socket]));
    let command = each.exec_start.get(0).expect("a command");
    let words: Vec<Word<'_>> = command.args.iter().collect();
    let expected = [
        Word::Literal(c"/usr/sbin/web"),
        Word::Literal(c"--root"),
        Word::Expand(c"\x01ROOT\x02"),
        Word::Split(c"OPTIONS"),
        Word::Literal(c"a b"),
    ];
    assert_eq!(words, expected);
    assert_eq!(image.limits.listeners, 2);
    assert_eq!(image.limits.table_bytes, image.table.len());
}
