//! People who connect and say nothing keep nobody out, and take nothing that recorder and voice need.
#![allow(clippy::unwrap_used)]

mod support;

use dealerboard_model::{LineId, TurretId};
use dealerboard_wire::{Act, Answer, CONTROL_PATH, Event, FromSwitch, RecorderHealth, SUBPROTOCOL};
use std::io::{BufRead, BufReader, Read};
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use support::{Turret, password, pinned};
use tokio::net::TcpSocket;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::{Connector, client_async_tls_with_config};

/// A switch as a program of its own that may open no more than 256 descriptors; ended when it drops.
struct Small {
    child: Child,
    addr: SocketAddr,
    fingerprint: String,
}

impl Small {
    fn start(folder: &Path) -> Self {
        std::fs::write(folder.join("floor.toml"), support::FLOOR).unwrap();
        let mut child = Command::new("sh")
            .args(["-c", "ulimit -n 256; exec \"$0\" \"$@\"", env!("CARGO_BIN_EXE_dealerboard-switch")])
            .args(["serve", "--floor", "floor.toml", "--data", "data", "--listen", "127.0.0.1:0", "--sample"])
            .current_dir(folder)
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        let mut word = |start: &str| lines.find_map(|line| Some(line.strip_prefix(start)?.to_owned())).unwrap();
        let addr = word("listening on wss://").parse().unwrap();
        let fingerprint = word("fingerprint ");
        Self { child, addr, fingerprint }
    }
}

impl Drop for Small {
    fn drop(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

#[tokio::test]
async fn a_trader_logs_on_and_is_recorded_while_strangers_hold_every_connection_that_they_can_get() {
    let folder = tempfile::tempdir().unwrap();
    let switch = Small::start(folder.path());
    let mut strangers: Vec<_> = (0..300).map(|_| std::net::TcpStream::connect(switch.addr).unwrap()).collect();
    // The last one is turned away: by then all that have a place have it.
    assert!(matches!(strangers.last_mut().unwrap().read(&mut [0]), Ok(0) | Err(_)));
    strangers[0].set_nonblocking(true).unwrap();
    let first = strangers[0].read(&mut [0]).unwrap_err();
    assert_eq!(first.kind(), std::io::ErrorKind::WouldBlock, "at once, and not when the time of the first was over");

    let passwords = std::fs::read_to_string(folder.path().join("data/passwords.txt")).unwrap();
    let typed = passwords.lines().find_map(|line| line.strip_prefix("reyes ")).unwrap();
    let tcp = TcpSocket::new_v4().unwrap();
    tcp.bind("127.0.0.2:0".parse().unwrap()).unwrap();
    let tcp = tcp.connect(switch.addr).await.unwrap();
    let mut request = format!("wss://{}{CONTROL_PATH}", switch.addr).into_client_request().unwrap();
    request.headers_mut().insert("Sec-WebSocket-Protocol", SUBPROTOCOL.parse().unwrap());
    let tls = Connector::Rustls(pinned(&switch.fingerprint));
    let (socket, _) = client_async_tls_with_config(request, tcp, None, Some(tls)).await.unwrap();
    let mut turret = Turret { socket, turret: TurretId(0), token: String::new(), snapshot: None };
    turret.hello(password("reyes", typed), None).await;
    assert!(matches!(turret.next().await, FromSwitch::Welcome(_)));
    let FromSwitch::Event { event: Event::Snapshot(snapshot), .. } = turret.next().await else { panic!() };
    assert_eq!(snapshot.recorder, RecorderHealth::Ok);
    let talk = |on| Act::Talk { line: LineId::from("sterling"), on, latched: true };
    for on in [true, false] {
        assert!(matches!(turret.command(talk(on)).await, Answer::Done { .. }));
    }
}
