# perl prefix_proxy.pl PORT PREFIX: a proxy on a port of its own (printed), which hands on what comes below the prefix
# to 127.0.0.1:PORT, as a site that serves many programs does; what is not below it is not found.
use strict;
use warnings;
use IO::Select;
use IO::Socket::INET;
my ($port, $prefix) = @ARGV;
my $listener = IO::Socket::INET->new(LocalAddr => '127.0.0.1', Listen => 64, ReuseAddr => 1) or die "cannot listen: $!\n";
$SIG{CHLD} = $SIG{PIPE} = 'IGNORE';
$| = 1;
print $listener->sockport, "\n";
while (my $client = $listener->accept) {
    next if fork;
    my $head = '';
    while ($head !~ /\r\n\r\n/) { sysread $client, $head, 4096, length $head or exit }
    my $found = $head =~ s{^(\S+) \Q$prefix\E(/\S*)}{$1 $2};
    $head =~ s/\r\nConnection:[^\r]*//i;
    $head =~ s/\r\n\r\n/\r\nConnection: close\r\n\r\n/;
    my $server = $found ? IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $port) : undef;
    if (!$server) { print $client "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"; exit }
    syswrite $server, $head;
    my $both = IO::Select->new($client, $server);
    while (my @ready = $both->can_read) {
        for my $from (@ready) {
            sysread $from, my $bytes, 65536 or exit;
            syswrite $from == $client ? $server : $client, $bytes;
        }
    }
    exit;
}
