//! Names, addresses and the filter over them.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};

use push_core::{Egress, ErrorKind, Target};
use socket2::{Domain, Socket, Type};

use super::exchange::{echoes, refused_as};
use crate::failure::{Checked, Over, ensure};
use crate::peer::{Peer, Stream, scripts};
use crate::subject::Subject;

pub(crate) fn localhost_is_resolved(subject: &mut Subject) -> Checked {
    let peer = Peer::plain(scripts::echo);
    let mut connection = subject.connect(&Target::plain("localhost", peer.port()))?;
    echoes(subject, &mut connection)
}

pub(crate) fn an_ipv6_address_is_dialled(subject: &mut Subject) -> Checked {
    let peer = Peer::plain_at(Ipv6Addr::LOCALHOST.into(), scripts::echo)?;
    let mut connection = subject.connect(&peer.target())?;
    echoes(subject, &mut connection)?;
    let told = connection.peer_addr();
    ensure!(
        told.is_none_or(|told| told == peer.address()),
        "expected {} to be told as the peer's address, got {told:?}",
        peer.address()
    );
    Ok(())
}

pub(crate) fn a_dead_address_next_to_a_living_one_does_no_harm(subject: &mut Subject) -> Checked {
    let [v4, v6] = LOOPBACKS;
    for (living, dead) in [(v4, v6), (v6, v4)] {
        let (peer, _dead) = living_and_dead(living, dead, scripts::echo)?;
        // More than once: each dial may begin with another address.
        for _ in 0..3 {
            let target = Target::plain("localhost", peer.port());
            let mut connection = subject
                .connect(&target)
                .over(format!("where only {living} lives"))?;
            echoes(subject, &mut connection)?;
        }
    }
    Ok(())
}

pub(crate) fn a_port_that_nobody_listens_on_is_an_error_of_connecting(
    subject: &mut Subject,
) -> Checked {
    let (_dead, port) = dead_port()?;
    for host in ["127.0.0.1", "localhost"] {
        let target = Target::plain(host, port);
        refused_as(subject, &target, None, ErrorKind::Connect).over(format!("for {host}"))?;
    }
    Ok(())
}

/// Holds a port on which nobody listens, and on which nobody else can: connecting to it is
/// refused.
pub(super) fn dead(address: SocketAddr) -> io::Result<Socket> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
    if address.is_ipv6() {
        socket.set_only_v6(true)?;
    }
    socket.bind(&address.into())?;
    Ok(socket)
}

/// A dead port of this machine, for as long as the socket is held.
pub(super) fn dead_port() -> Checked<(Socket, u16)> {
    let socket = dead((Ipv4Addr::LOCALHOST, 0).into())?;
    let address = socket.local_addr()?.as_socket();
    Ok((socket, address.map_or(0, |address| address.port())))
}

/// A peer on one address, and its port dead on the other: held, or else empty for now.
fn living_and_dead(
    living: IpAddr,
    dead_at: IpAddr,
    script: fn(&mut Stream) -> io::Result<()>,
) -> Checked<(Peer, Option<Socket>)> {
    let mut taken = 0;
    loop {
        let peer = Peer::plain_at(living, script)?;
        let beside = SocketAddr::from((dead_at, peer.port()));
        match dead(beside) {
            Ok(socket) => return Ok((peer, Some(socket))),
            // Connections that ended a moment ago keep it from being taken, by anybody.
            Err(_) if is_refused(beside) => return Ok((peer, None)),
            // Others use it: another peer has another port.
            Err(_) if taken < 16 => taken += 1,
            Err(error) => return Err(error.into()),
        }
    }
}

fn is_refused(address: SocketAddr) -> bool {
    let failure = TcpStream::connect(address).err();
    failure.is_some_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

const LOOPBACKS: [IpAddr; 2] = [
    IpAddr::V4(Ipv4Addr::LOCALHOST),
    IpAddr::V6(Ipv6Addr::LOCALHOST),
];

pub(crate) fn a_name_that_is_none_is_an_error_of_resolving(subject: &mut Subject) -> Checked {
    // A label of 64 bytes (RFC 1035 allows 63): no resolver needs the network to say no.
    let host = format!("{}.invalid", "a".repeat(64));
    let target = Target::plain(host, 443);
    refused_as(subject, &target, None, ErrorKind::Resolve).map(drop)
}

pub(crate) fn the_egress_filter_refuses_an_address(subject: &mut Subject) -> Checked {
    let peer = Peer::plain(scripts::hold);
    for egress in [Egress::public(), Egress::filter(|_| false)] {
        let target = Target::plain("127.0.0.1", peer.port()).egress(egress.clone());
        refused_as(subject, &target, None, ErrorKind::Egress).over(format!("by {egress:?}"))?;
    }
    nothing_dialled(&peer)
}

pub(crate) fn the_egress_filter_refuses_what_a_name_resolves_to(subject: &mut Subject) -> Checked {
    let peer = Peer::plain(scripts::hold);
    for egress in [Egress::public(), Egress::filter(|_| false)] {
        let target = Target::plain("localhost", peer.port()).egress(egress.clone());
        refused_as(subject, &target, None, ErrorKind::Egress).over(format!("by {egress:?}"))?;
    }
    nothing_dialled(&peer)
}

pub(crate) fn the_egress_filter_sees_through_other_spellings(subject: &mut Subject) -> Checked {
    let peer = Peer::plain(scripts::hold);
    // What the resolvers of some systems take for 127.0.0.1.
    for host in [
        "::ffff:127.0.0.1",
        "::ffff:7f00:1",
        "127.1",
        "2130706433",
        "0177.0.0.1",
        "0x7f000001",
    ] {
        let target = Target::plain(host, peer.port()).egress(Egress::public());
        let error = subject.refused(&target, None).over(format!("for {host}"))?;
        ensure!(
            matches!(error.kind(), ErrorKind::Egress | ErrorKind::Resolve),
            "expected {host} to be refused by the filter, or to be no name; got {:?}: {}",
            error.kind(),
            error.report()
        );
    }
    nothing_dialled(&peer)
}

fn nothing_dialled(peer: &Peer) -> Checked {
    // Another connection after it would be accepted after it.
    ensure!(
        probe(peer)? == 1,
        "expected nothing to be dialled that the filter refuses, the server got {} connections",
        peer.accepted() - 1
    );
    Ok(())
}

/// Connects from here, which is accepted after all that was dialled before: how many there were,
/// this one included.
fn probe(peer: &Peer) -> Checked<usize> {
    let before = peer.accepted();
    let socket = TcpStream::connect(peer.address())?;
    let accepted = peer.wait_accepted(before + 1);
    drop(socket);
    ensure!(accepted, "the suite's own connection was not accepted");
    Ok(peer.accepted())
}

pub(crate) fn the_address_that_is_dialled_is_one_that_the_filter_let_pass(
    subject: &mut Subject,
) -> Checked {
    let peer = Peer::plain(scripts::echo);
    for host in ["127.0.0.1", "localhost"] {
        let asked = Arc::new(Mutex::new(Vec::new()));
        let asking = asked.clone();
        let egress = Egress::filter(move |address| {
            let mut asked = asking.lock().unwrap_or_else(PoisonError::into_inner);
            asked.push(address);
            address.is_ipv4()
        });
        let target = Target::plain(host, peer.port()).egress(egress);
        let mut connection = subject.connect(&target)?;
        echoes(subject, &mut connection)?;
        let asked = asked.lock().unwrap_or_else(PoisonError::into_inner).clone();
        ensure!(
            asked.contains(&peer.address().ip()),
            "expected the filter to be asked about {}, which was dialled for {host}; it was asked \
             about {asked:?}",
            peer.address().ip()
        );
    }
    Ok(())
}

pub(crate) fn an_address_that_the_filter_refuses_is_not_dialled_beside_one_it_allows(
    subject: &mut Subject,
) -> Checked {
    // A peer in either family; the filter leaves the other one, where its port is dead.
    let [v4, v6] = LOOPBACKS;
    for (refused, dead) in [(v4, v6), (v6, v4)] {
        let (peer, _dead) = living_and_dead(refused, dead, scripts::hold)?;
        let egress = Egress::filter(move |address| address.is_ipv4() != refused.is_ipv4());
        let target = Target::plain("localhost", peer.port()).egress(egress);
        refused_as(subject, &target, None, ErrorKind::Connect)
            .over(format!("with {refused} refused"))?;
        nothing_dialled(&peer)?;
    }
    Ok(())
}
