"""The pieces of nginx's settings that `site.py` puts together."""

from __future__ import annotations

SHARED = """\
# --- who is asked -----------------------------------------------------------------------------------------------------
{upstreams}
# --- limits -----------------------------------------------------------------------------------------------------------
# Slow or greedy clients are nginx's business: a service only ever sees a whole, small request.
client_max_body_size 1m;
client_header_timeout 10s;
client_body_timeout {body_seconds}s;
send_timeout 15s;
keepalive_timeout 30s;
large_client_header_buffers 4 8k;
# Those who sign in are known; everybody else shares a limit per address. What claims to be signed in and is not has the
# limit of everybody, and the services refuse it.
map $http_authorization$cookie_{cookie} $anonymous {{ "" $binary_remote_addr; default ""; }}
map $request_method $posting {{ POST $binary_remote_addr; default ""; }}
map $request_method $reporting {{ POST $anonymous; default ""; }}
limit_req_zone $binary_remote_addr zone=everybody:8m rate={everybody}r/s;
limit_req_zone $anonymous zone=anonymous:8m rate={anonymous}r/s;
limit_req_zone $posting zone=logging_in:4m rate={logging_in}r/s;
limit_req_zone $reporting zone=reporting:4m rate={reporting}r/s;
limit_req_zone $reporting zone=photos:4m rate={sending_photos}r/s;
limit_req_status 429;
limit_conn_zone $binary_remote_addr zone=connections:4m;
limit_conn_status 429;
limit_conn connections {connections};
{usual}
{behind}
# --- how the services are asked ---------------------------------------------------------------------------------------
proxy_http_version 1.1;
proxy_set_header Connection "";
proxy_set_header Host $http_host;
proxy_set_header X-Forwarded-For $remote_addr;
proxy_set_header X-Forwarded-Proto $scheme;
proxy_set_header X-Request-Id $request_id;
proxy_connect_timeout 3s;
proxy_read_timeout 60s;
# A connection that a service has just closed is tried again; nginx never sends a POST twice that may have arrived.
proxy_next_upstream error;

# --- how it says no: people get pages, programs get problem documents -------------------------------------------------
map $http_accept $shape {{ ~text/html html; default json; }}
map $status $retry_after {{ 429 1; 503 5; default ""; }}
map $status $allow {{ 405 "GET, POST"; default ""; }}
"""

SERVER = """\

server {{
{listen}
    server_name {name};
    server_tokens off;
    charset utf-8;
    root {pages};
    default_type application/octet-stream;
    types {{
        text/html html; application/json json; text/css css; image/svg+xml svg; image/png png;
        text/javascript js; text/plain txt;
    }}
{security}
    error_page 400 /problems/400.$shape;
    error_page 404 /problems/404.$shape;
    error_page 405 /problems/405.$shape;
    error_page 413 /problems/413.$shape;
    error_page 414 /problems/414.$shape;
    error_page 429 /problems/429.$shape;
    error_page 500 502 503 504 =503 /problems/503.$shape;
    location /problems/ {{
        internal;
        default_type application/problem+json;
        types {{ text/html html; }}
        add_header Retry-After $retry_after always;
        add_header Allow $allow always;{header}
    }}

    # Names change with the content, so a browser may keep them for ever; each has a packed copy beside it.
    location /static/ {{
        {everybody}
        gzip_static on;
        add_header Cache-Control "public, max-age=31536000, immutable";
        add_header Vary Accept-Encoding;
        add_header X-Content-Type-Options nosniff;{header}
    }}
{locations}}}
"""

TLS = """\
    ssl_certificate {certificate};
    ssl_certificate_key {key};
    ssl_protocols TLSv1.2 TLSv1.3;
    ssl_ciphers ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:\
ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305;
    ssl_prefer_server_ciphers off;
    ssl_session_cache shared:wuji:10m;
    ssl_session_timeout 1d;
    ssl_session_tickets off;
"""

FOR_GOOD = 'add_header Strict-Transport-Security "max-age=31536000" always;'

ELSEWHERE = """\

server {{
    listen {plain};
    listen [::]:{plain};
    server_name {name};
    server_tokens off;
    # Where a certificate's issuer looks for its proof.
    location /.well-known/acme-challenge/ {{ root /var/www/acme; }}
    location / {{ return 308 https://{name}$request_uri; }}
}}
"""

LOCATION = """\
    location {path} {{ {limits}proxy_pass http://wuji_{service}; }}
"""

STREAM = "proxy_buffering off; proxy_read_timeout 1h; "

THERE = """\
    location {path} {{ return 308 https://$host:{port}$request_uri; }}
"""

TILES = """
    # A tile that is not there is an empty place on the map, no error.
    location /tiles/ {{
        {everybody}
        alias {folder}/;
        error_page 404 = @no_tile;
        add_header Cache-Control "public, max-age=604800";
        add_header X-Content-Type-Options nosniff;{header}
    }}
    location @no_tile {{ return 204; }}
"""
