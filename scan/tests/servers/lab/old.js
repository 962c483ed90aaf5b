// A TLS server of Node.js 0.10 with every protocol and suite that it has: `PORT CHAIN KEY`.
var fs = require('fs');
var tls = require('tls');
var options = {
    cert: fs.readFileSync(process.argv[3]),
    key: fs.readFileSync(process.argv[4]),
    ciphers: 'ALL:COMPLEMENTOFALL',
    secureProtocol: 'SSLv23_method'
};
function ignore() {
    // A scanner breaks off most handshakes.
}
tls.createServer(options, function (client) {
    client.on('error', ignore);
}).on('clientError', ignore).listen(+process.argv[2], '127.0.0.1');
