/// Hands the list of all cases to one of this crate's macros: group, name, contract, needs.
///
/// The list stands here and nowhere else; tests, table and [`cases`](crate::cases) are made of it.
#[doc(hidden)]
#[macro_export]
macro_rules! for_each_case {
    ($then:ident [$($with:tt)*]) => {
        $crate::$then! { [$($with)*]
            stream {
                bytes_arrive_one_at_a_time:
                    "Bytes arrive once and in order, however small the reads and writes are." [];
                large_transfers_go_both_ways_at_once:
                    "A peer that reads slowly slows the writer down, and no byte is lost." [];
                vectored_writes_say_what_they_wrote:
                    "A vectored write tells how many bytes of which it took care." [];
                a_flush_ends_when_all_is_on_its_way:
                    "What was written before a flush arrives without further polls." [];
                small_writes_are_not_held_back:
                    "Small writes are sent at once (`TCP_NODELAY`)." [];
                an_empty_read_changes_nothing:
                    "An empty read takes nothing and is no end; reads after it are as before." [];
                the_peers_address_is_told:
                    "`peer_addr` is the address that was dialled, or none." [];
            }
            closing {
                end_of_file_is_zero_bytes_and_stays:
                    "An end of file is `Ok(0)`, and `Ok(0)` again." [];
                the_peer_may_end_its_half_first:
                    "After the peer's end of file, writing still works." [];
                closing_plain_tcp_ends_the_writing_half:
                    "`poll_close` ends the writing half: the peer reads the end of file." [];
                closing_tls_says_farewell:
                    "`poll_close` over TLS says farewell (close_notify)." [Tls];
                closing_under_back_pressure_loses_nothing:
                    "What was written arrives before the end, though the peer was slow when it was closed." [];
                after_closing_there_is_still_reading:
                    "After `poll_close`, what the peer still sends can be read." [];
                dropping_closes_the_socket:
                    "Dropping a connection closes its socket." [];
            }
            errors {
                a_reset_is_an_error_and_no_end_of_file:
                    "A connection that was reset is an error, not an end of file." [];
                after_an_error_reads_do_not_hang:
                    "After an error was told, polling again does not hang." [];
                writing_to_a_broken_connection_fails:
                    "Writing to a connection that is broken is an error." [];
            }
            wakers {
                each_poll_may_come_from_another_thread:
                    "Every future may be polled by any executor, on another thread each time." [];
                the_last_waker_of_a_read_is_woken:
                    "Of several polls of a read, the waker of the last one is woken." [];
                the_last_waker_of_a_connect_is_woken:
                    "Of several polls of connect, the waker of the last one is woken." [Tls];
                the_last_waker_of_a_sleep_is_woken:
                    "Of several polls of a sleep, the waker of the last one is woken." [];
                the_last_waker_of_a_lock_is_woken:
                    "Of several polls of a lock, the waker of the last one is woken." [];
                reading_and_writing_have_wakers_of_their_own:
                    "A read and a write that wait at the same time are woken each for itself." [];
                a_waiting_read_does_not_spin:
                    "A read that waits is woken when there is something to read, not before." [];
                a_waiting_write_does_not_spin:
                    "A write that waits is woken when there is room, not before." [];
            }
            cancel {
                a_cancelled_connect_leaves_no_socket:
                    "Dropping connect at any point closes what it has opened." [];
                a_cancelled_read_loses_nothing:
                    "A read that is given up takes no byte with it." [];
                a_cancelled_write_may_be_followed_by_another:
                    "A write that is given up leaves nothing behind: another one may have other bytes." [];
                a_cancelled_sleep_is_forgotten:
                    "A sleep that is dropped leaves no timer and no waker behind." [];
                a_cancelled_sleep_leaves_the_others:
                    "Dropping one sleep does not touch the others." [];
            }
            tasks {
                a_task_runs_to_its_end_though_nobody_waits:
                    "A spawned task runs to its end though nobody waits for it." [];
                tasks_run_beside_each_other:
                    "A task that waits does not keep others from running." [];
                a_task_may_spawn_another:
                    "A task may spawn tasks." [];
                any_thread_may_spawn:
                    "Any thread may spawn tasks, also one that the environment does not know." [];
                a_task_that_panics_harms_no_other:
                    "A task that panics is dropped, and others run on." [PanickingTasks];
            }
            ending {
                tasks_end_with_the_environment:
                    "When the environment ends, its tasks are dropped." [Ending];
                a_task_spawned_after_the_end_is_dropped:
                    "A task spawned when the environment is gone is dropped at once." [Ending];
                connecting_after_the_end_ends:
                    "Connecting when the environment is gone ends, mostly with an error." [Ending];
                sleeps_end_after_the_end:
                    "Sleeps end when the environment is gone, in time or early; they never panic." [Ending];
                open_connections_do_not_hang_after_the_end:
                    "Reading from an open connection when the environment is gone goes on or fails." [Ending];
            }
            time {
                a_passed_deadline_is_ready_at_once:
                    "A deadline that has passed is ready at the first poll." [];
                a_deadline_is_not_early:
                    "A sleep never ends before its deadline, by the backend's own clock." [];
                a_far_deadline_waits:
                    "A deadline in the far future waits; it neither overflows nor ends." [];
                sleeping_takes_no_thread:
                    "Hundreds of sleeps take no threads." [ThreadCount];
                the_clock_never_goes_back:
                    "The monotonic clock never goes back." [];
                the_wall_clock_is_plausible:
                    "The wall clock tells a time between 2020 and 2200." [];
                the_wall_clock_goes_on:
                    "The wall clock goes on." [];
                jitter_varies:
                    "Jitter varies in all of its 64 bits." [];
                two_environments_draw_different_jitter:
                    "Two environments draw different jitter." [];
            }
            locks {
                one_holds_a_lock_at_a_time:
                    "A lock is held by one at a time." [];
                a_lock_serves_those_who_wait_in_order:
                    "Those who wait for a lock are served in order." [];
                a_lock_frees_itself_when_a_waiter_is_cancelled:
                    "Dropping the future of a lock leaves the lock to the next one." [];
                a_guard_may_be_dropped_on_another_thread:
                    "A guard may be dropped on another thread than the one that took it." [];
                each_lock_is_its_own:
                    "Each lock that is created is a lock of its own." [];
            }
            many {
                a_thousand_connections_at_once:
                    "A thousand connections may be open at once." [];
            }
            tls {
                a_server_of_tls_1_2_alone_is_spoken_to:
                    "Servers that speak TLS 1.2 alone are spoken to." [Tls, Tls12];
                a_server_of_tls_1_3_alone_is_spoken_to:
                    "Servers that speak TLS 1.3 alone are spoken to." [Tls, Tls13];
                an_older_version_is_refused:
                    "Versions of TLS before 1.2 are refused." [Tls];
                a_plain_target_speaks_plain:
                    "A plain target is spoken to without TLS." [];
                close_notify_is_the_end_of_file:
                    "The peer's close_notify is the end of file, with or without FIN." [Tls];
                an_end_without_close_notify_is_the_end_of_file:
                    "No farewell of the peer is needed for the bytes before its end to be read, nor for the end itself." [Tls];
                garbage_after_the_handshake_is_an_error:
                    "Bytes that the peer's TLS did not write are an error and never data." [Tls];
                after_an_error_of_tls_reads_do_not_hang:
                    "After an error of TLS was told, polling again does not hang." [Tls];
                a_handshake_that_stalls_waits_until_it_is_cancelled:
                    "A handshake waits for the peer, and dropping it closes the socket." [Tls];
                an_alert_in_the_handshake_is_an_error_of_tls:
                    "A handshake that the server refuses is `ErrorKind::Tls`." [Tls];
                garbage_instead_of_tls_is_an_error_of_tls:
                    "A server that does not speak TLS is `ErrorKind::Tls`." [Tls];
                a_handshake_that_breaks_off_is_an_error_of_connecting:
                    "A connection that ends in the handshake is `ErrorKind::Connect`: it can pass." [Tls];
                the_protocol_agreed_by_alpn_is_told:
                    "The protocol that was agreed by ALPN is told." [Tls, Alpn];
                protocols_are_offered_in_their_order:
                    "The protocols of the target are offered, the preferred one first." [Tls, Alpn];
                a_server_without_a_common_protocol_is_refused:
                    "A server that refuses all protocols on offer is `ErrorKind::Protocol`." [Tls, Alpn];
                a_server_that_ignores_alpn_agrees_on_nothing:
                    "Where no protocol was agreed, none is told." [Tls, Alpn];
                without_protocols_none_are_offered:
                    "A target without protocols offers none." [Tls];
                the_server_is_told_its_name_and_never_an_address:
                    "The server's name is sent (SNI), addresses are not." [Tls];
                session_tickets_are_not_data:
                    "What TLS says for itself after the handshake is no data and no end." [Tls, Tls13];
                a_second_connection_works_as_the_first:
                    "A resumed session is as good as a new one." [Tls];
                keys_may_change_under_way:
                    "The peer may change its keys and ask for others." [Tls, Tls13];
                a_large_chain_of_certificates_is_read:
                    "A chain of certificates that fills several records is read." [Tls];
            }
            verification {
                a_certificate_for_another_name_is_refused:
                    "A server's certificate for another name is refused as `ErrorKind::Tls`." [Tls];
                a_certificate_of_another_root_is_refused:
                    "A server's certificate that no root of the target issued is refused." [Tls];
                a_server_without_its_certificates_key_is_refused:
                    "A server that does not hold the key of its certificate is refused, over TLS 1.2 and 1.3." [Tls];
                a_self_signed_certificate_is_refused:
                    "A server's certificate that is its own issuer is refused." [Tls];
                a_certificate_issued_by_a_server_is_refused:
                    "A server's certificate does not issue others." [Tls];
                a_certificate_for_clients_is_refused_as_a_servers:
                    "A certificate that is made for clients alone is refused as a server's." [Tls];
                an_expired_certificate_is_refused:
                    "A server's certificate that has expired is refused." [Tls];
                a_certificate_that_is_not_valid_yet_is_refused:
                    "A server's certificate that is not valid yet is refused." [Tls];
                a_common_name_is_no_name_of_the_server:
                    "The common name of a certificate is no name of the server (RFC 9525)." [Tls];
                an_address_must_stand_among_the_addresses:
                    "A server that is reached by its address shows a certificate for that address." [Tls];
                an_ipv6_address_is_verified:
                    "IPv6 addresses are verified as IPv4 addresses are." [Tls, Ipv6];
                the_server_name_counts_and_not_the_host:
                    "Where the target says by which name to verify, that name counts and the host does not." [Tls];
                a_wildcard_stands_for_one_label:
                    "A wildcard in a certificate stands for exactly one label." [Tls];
                the_roots_of_each_target_count:
                    "Each target is verified against its own roots, whatever went before." [Tls];
                a_session_is_not_resumed_past_verification:
                    "A session under other roots or another name is not resumed." [Tls];
            }
            certificates {
                the_certificate_is_shown_where_it_is_asked_for:
                    "The certificate and its chain are shown to a server that asks for one." [Tls, ClientCertificates];
                a_certificate_that_is_missing_is_told:
                    "A server that insists on a certificate is `ErrorKind::Tls`, or `PermissionDenied` at the first read." [Tls];
                a_certificate_that_is_refused_is_told:
                    "A server that refuses the certificate is `ErrorKind::Tls`, or `PermissionDenied` at the first read." [Tls, ClientCertificates];
                a_server_that_can_do_without_a_certificate_is_spoken_to:
                    "A server that asks for a certificate and can do without is spoken to without." [Tls];
                a_certificate_that_nobody_asks_for_does_no_harm:
                    "A certificate that the server does not ask for does no harm." [Tls, ClientCertificates];
                each_connection_shows_its_own_certificate:
                    "Each connection shows the certificate that it was given, or none, and no session of another's." [Tls, ClientCertificates];
                a_certificate_of_another_backend_is_an_error:
                    "A certificate of another backend is `ErrorKind::ForeignCertificate`, not a panic." [Tls, ClientCertificates];
                a_certificate_of_another_instance_works_or_is_foreign:
                    "A certificate of another instance of the same backend works, or is `ErrorKind::ForeignCertificate`." [Tls, ClientCertificates];
                the_chain_is_given_back_as_it_was_loaded:
                    "A certificate tells the chain that was loaded, the client's own first." [ClientCertificates];
                a_key_of_another_certificate_is_refused:
                    "A key that does not fit the certificate is `ErrorKind::Identity`." [ClientCertificates];
                a_key_that_is_none_is_refused:
                    "A key that is none is `ErrorKind::Identity`." [ClientCertificates];
                keys_are_taken_in_every_form:
                    "Keys are taken in PKCS#8, SEC1 and PKCS#1, of elliptic curves and RSA." [Tls, ClientCertificates];
                nothing_shows_the_private_key:
                    "`Debug` shows nothing of the private key, of whatever it is." [Tls, ClientCertificates];
            }
            dial {
                localhost_is_resolved:
                    "Names are resolved." [];
                an_ipv6_address_is_dialled:
                    "IPv6 addresses are dialled." [Ipv6];
                a_dead_address_next_to_a_living_one_does_no_harm:
                    "Where one address of a name is dead, another one is dialled." [TwoLoopbacks];
                a_port_that_nobody_listens_on_is_an_error_of_connecting:
                    "A port that nobody listens on is `ErrorKind::Connect`." [];
                a_name_that_is_none_is_an_error_of_resolving:
                    "A name that can't be resolved is `ErrorKind::Resolve`." [];
                the_egress_filter_refuses_an_address:
                    "An address that the egress filter refuses is not dialled, and is `ErrorKind::Egress`." [];
                the_egress_filter_refuses_what_a_name_resolves_to:
                    "The egress filter is applied to what a name resolves to." [];
                the_egress_filter_sees_through_other_spellings:
                    "The egress filter is applied to an address however it is spelt." [];
                the_address_that_is_dialled_is_one_that_the_filter_let_pass:
                    "The egress filter is asked about the very address that is dialled." [];
                an_address_that_the_filter_refuses_is_not_dialled_beside_one_it_allows:
                    "Of a name's addresses, only those that the egress filter lets pass are dialled." [TwoLoopbacks];
            }
            proxy {
                a_proxy_is_asked_for_a_tunnel_to_the_address:
                    "A proxy is asked for a tunnel to an address that was resolved here, and carries what follows." [Proxy];
                an_ipv6_address_goes_to_the_proxy_in_brackets:
                    "IPv6 addresses go to the proxy in brackets." [Proxy];
                tls_through_a_proxy_is_with_the_target:
                    "TLS through a proxy is with the target, by the target's name." [Tls, Proxy];
                user_and_password_are_for_the_proxy_alone:
                    "User and password go to the proxy (RFC 7617), to nobody else, and are not shown." [Proxy];
                the_proxy_resolves_where_it_may:
                    "Where the proxy may resolve, it is asked for the name." [Proxy];
                an_egress_filter_and_a_proxy_that_resolves_exclude_each_other:
                    "An egress filter that can't be kept, since the proxy resolves, is `ErrorKind::Egress`." [Proxy];
                the_egress_filter_is_for_what_the_proxy_leads_to:
                    "The egress filter is for what the proxy leads to, and not for the proxy." [Proxy];
                bytes_right_behind_the_proxys_head_are_the_targets:
                    "Bytes right behind the head of the proxy's answer belong to the tunnel." [Proxy];
                a_proxys_head_may_come_in_pieces:
                    "The head of the proxy's answer may come in any pieces." [Proxy];
                a_proxy_that_refuses_is_an_error_of_connecting:
                    "A proxy that refuses the tunnel is `ErrorKind::Connect`." [Proxy];
                a_proxy_that_wants_a_password_is_an_error_of_configuration:
                    "A proxy that wants another user or password is `ErrorKind::Config`." [Proxy];
                a_proxy_that_hangs_up_is_an_error_of_connecting:
                    "A proxy that hangs up, or is not there, is `ErrorKind::Connect`." [Proxy];
                what_is_no_proxy_is_an_error_of_protocol:
                    "A proxy that does not speak HTTP is `ErrorKind::Protocol`." [Proxy];
                a_proxys_head_without_an_end_is_not_read_for_ever:
                    "An answer of the proxy whose head has no end is not read for ever." [Proxy];
                a_request_to_a_proxy_that_is_cancelled_leaves_no_socket:
                    "Dropping connect while the proxy is asked closes the socket." [Proxy];
            }
        }
    };
}

/// Makes [`cases`](crate::cases) and its table.
#[doc(hidden)]
#[macro_export]
macro_rules! __make_table {
    ([] $($group:ident {
        $($case:ident: $contract:literal [$($need:ident),*];)*
    })*) => {
        static CASES: &[$crate::Case] = &[$($($crate::Case {
            name: stringify!($case),
            group: stringify!($group),
            contract: $contract,
            needs: &[$($crate::Capability::$need),*],
            run: $crate::cases::$group::$case,
        },)*)*];

        /// All cases, in the order of the list.
        ///
        /// | case | contract | needs |
        /// |---|---|---|
        $($(#[doc = concat!(
            "| `", stringify!($case), "` | ", $contract, " | ",
            $("[`", stringify!($need), "`](crate::Capability::", stringify!($need), ") ",)*
            "|"
        )])*)*
        pub fn cases() -> &'static [$crate::Case] {
            CASES
        }
    };
}

/// Makes one `#[test]` per case.
#[doc(hidden)]
#[macro_export]
macro_rules! __make_tests {
    ([$make:expr] $($group:ident {
        $($case:ident: $contract:literal [$($need:ident),*];)*
    })*) => {
        $($(
            #[doc = $contract]
            #[test]
            fn $case() {
                $crate::check(stringify!($case), &|| $make());
            }
        )*)*
    };
}

/// Makes one test per case, named as the case, out of a function without arguments that makes an
/// [`Environment`](crate::Environment). The crate's page shows how.
#[macro_export]
macro_rules! suite {
    ($make:expr) => {
        $crate::for_each_case!(__make_tests[$make]);
    };
}
