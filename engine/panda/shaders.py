"""The shaders, in GLSL 1.50. They write colours as a screen shows them (sRGB), so a frame buffer must not encode.

A vertex shader starts with `VIEW`; a fragment shader starts with `LIGHT` when it is lit, misted or sky, else with
`FLAT`.
Eyes are where Panda3D's own matrices say they are, so that each eye of a headset is served; or a headset draws both at
once, two instances of everything, and `eyes` leads each from what Panda3D's lens gives to its half of the picture.
Light, sky and mist are reckoned in the axes of the place, which `to_place` leads to from the world's.
"""

VIEW = """\
#version 150
uniform mat4 p3d_ModelViewProjectionMatrix, p3d_ModelViewMatrix, p3d_ProjectionMatrix, p3d_ModelMatrix;
uniform mat4 to_place, eyes[2];
uniform float beside;  // 1 where both eyes are in one picture, 0 where there is one
uniform vec4 moment[1];
in vec4 p3d_Vertex, p3d_Color;
in vec3 p3d_Normal;
in vec2 p3d_MultiTexCoord0;
vec4 seen(vec4 p) {
    vec4 by_eye = eyes[gl_InstanceID] * p;
    gl_ClipDistance[0] = beside * float(2 * gl_InstanceID - 1) * by_eye.x;  // no further than its half
    return by_eye;
}
"""

LIGHT = """\
#version 150
uniform mat4 p3d_ViewMatrixInverse, to_place;
uniform vec4 moment[1];  // time in s, how dim, how dark
uniform vec3 sky_horizon, sky_middle, sky_zenith, sky_halo, lift, sun_to, sun, sky_light, ground_light;
uniform vec4 fog;        // start in m, density per m, power, most
uniform float exposure, fog_most;
out vec4 pixel;

vec3 viewer() { return (to_place * p3d_ViewMatrixInverse[3]).xyz; }
vec3 sky(vec3 dir) {
    vec3 c = mix(sky_horizon, sky_middle, smoothstep(0.0, 0.22, dir.z));
    c = mix(c, sky_zenith, smoothstep(0.16, 0.75, dir.z));
    float towards = max(dot(dir, sun_to), 0.0);
    vec3 halo = sky_halo * (0.34 * pow(towards, 5.0) + 0.30 * pow(towards, 60.0));
    return 1.0 - (1.0 - c) * (1.0 - halo);
}
vec3 shown(vec3 light) {
    vec3 c = pow(1.0 - exp(-1.75 * exposure * light), vec3(1.0 / 2.2));
    c = mix(c, smoothstep(0.0, 1.0, c), 0.42);
    return lift + c * (1.0 - lift);
}
vec3 misted(vec3 c, vec3 place) {
    vec3 ray = place - viewer();
    float depth = max(length(ray) - fog.x, 0.0) * fog.y;
    float mist = min(1.0 - exp(-pow(depth, fog.z)), min(fog.w, fog_most));
    return mix(c, sky(normalize(vec3(ray.xy, 0.0))), mist);
}
vec3 dimmed(vec3 c) {
    float grain = fract(sin(dot(gl_FragCoord.xy, vec2(12.9898, 78.233))) * 43758.5453) - 0.5;
    return (mix(c, lift + 0.10 * c, moment[0].y) + grain / 255.0) * (1.0 - moment[0].z);
}
"""

FLAT = """\
#version 150
uniform vec4 moment[1];  // time in s, how dim, how dark
uniform vec3 tint, accent, paper;
out vec4 pixel;
"""

PLACED = """
uniform float sway;
out vec4 colour;
out vec3 place, normal;
void main() {
    mat4 placed = to_place * p3d_ModelMatrix;
    vec4 p = placed * p3d_Vertex;
    vec3 breeze = vec3(sin(moment[0].x * 1.1 + p.x * 1.7), sin(moment[0].x * 0.9 + p.y * 1.9), 0.0);
    vec3 shift = transpose(mat3(placed)) * breeze * (1.0 - p3d_Color.a) * sway;
    colour = p3d_Color;
    place = p.xyz + breeze * (1.0 - p3d_Color.a) * sway;
    normal = mat3(placed) * p3d_Normal;
    gl_Position = seen(p3d_ModelViewProjectionMatrix * (p3d_Vertex + vec4(shift, 0.0)));
}
"""

BAKED = """
in vec4 colour;
in vec3 place, normal;
void main() { pixel = vec4(dimmed(misted(shown(colour.rgb), place)), 1.0); }
"""

LIT = """
uniform vec4 surface[1];  // gloss, glow, opacity, how far asleep
const float DYNAMIC = 0.88;  // white gloves keep their shape
in vec4 colour;
in vec3 place, normal;
void main() {
    vec3 n = normalize(normal), eye = normalize(viewer() - place);
    float wrap = clamp((dot(n, sun_to) + 0.3) / 1.3, 0.0, 1.0), facing = max(dot(n, eye), 0.0);
    vec3 light = mix(ground_light, sky_light, n.z * 0.5 + 0.5) + sun * wrap;
    vec3 c = colour.rgb * light * DYNAMIC + pow(1.0 - facing, 3.0) * sky_light * 0.22;
    float shine = max(dot(n, normalize(sun_to + eye)), 0.0);
    c += surface[0].x * sun * (0.30 * pow(shine, 48.0) + 0.07 * pow(shine, 9.0));
    c += surface[0].y * (0.05 + 1.1 * colour.rgb);
    c *= 1.0 - 0.55 * surface[0].w;
    pixel = vec4(dimmed(misted(shown(c), place)), surface[0].z);
}
"""

PAINTED = """
uniform vec4 surface[1];
uniform vec3 paint;
in vec4 colour;
in vec3 place, normal;
void main() {
    float bright = smoothstep(0.0, 0.16, dot(normalize(normal), sun_to) + 0.15);
    vec3 c = paint * mix(0.70, 1.0, bright);
    // What is almost black in a model stays dark, so that a face of one colour keeps its eyes.
    c *= mix(0.16, 1.0, smoothstep(0.015, 0.07, dot(colour.rgb, vec3(0.3333))));
    c = mix(c, vec3(1.0), 0.4 * min(surface[0].y, 1.0)) * (1.0 - 0.5 * surface[0].w);
    pixel = vec4(dimmed(c), surface[0].z);
}
"""

SEA = """
uniform vec3 water_deep, water_shallow;
in vec4 colour;
in vec3 place, normal;
void main() {
    vec3 eye = viewer() - place;
    float far = length(eye.xy), calm = 1.0 / (1.0 + far * 0.10), t = moment[0].x;
    vec2 p = place.xy;
    vec2 slope = vec2(0.9, 0.5) * cos(dot(p, vec2(0.9, 0.5)) + t * 0.7)
               + vec2(-0.6, 1.3) * 0.6 * cos(dot(p, vec2(-0.6, 1.3)) + t * 0.9)
               + vec2(2.1, 1.7) * 0.25 * cos(dot(p, vec2(2.1, 1.7)) - t * 1.2);
    vec3 n = normalize(vec3(-slope * 0.10 * calm, 1.0));
    vec3 dir = normalize(eye);
    vec3 c = mix(water_deep, water_shallow, smoothstep(6.0, 60.0, far) * 0.75 + 0.10 * slope.y * calm);
    vec3 mirror = reflect(-dir, n);
    float fresnel = 0.04 + 0.96 * pow(1.0 - max(dot(n, dir), 0.0), 5.0);
    c = mix(c, sky(normalize(vec3(mirror.xy, abs(mirror.z)))), min(fresnel, 0.72));
    float band = sin(p.y * 1.9 + 1.7 * sin(p.x * 0.31 + t * 0.21)) + 0.8 * sin(p.x * 0.23 - p.y * 0.9 + t * 0.3);
    float crest = smoothstep(1.50, 1.72, band) * smoothstep(3.0, 9.0, far) * calm * 1.6;
    c = mix(c, vec3(0.86, 0.97, 0.95), clamp(crest, 0.0, 0.55));
    float open_water = max(smoothstep(0.02, 0.10, dot(colour.rgb, vec3(0.3333))), smoothstep(25.0, 50.0, far));
    c *= mix(0.62, 1.0, open_water);
    c = mix(c, vec3(0.97, 1.0, 0.98), (1.0 - colour.a) * 0.9);
    pixel = vec4(dimmed(misted(c, place)), 1.0);
}
"""

DOME = """
out vec3 dir;
void main() {
    dir = mat3(to_place) * p3d_Vertex.xyz;
    vec4 p = p3d_ModelViewMatrix * vec4(p3d_Vertex.xyz, 0.0);
    gl_Position = seen(p3d_ProjectionMatrix * vec4(1000.0 * p.xyz, 1.0)).xyww;
}
"""

SKY = """
in vec3 dir;
void main() { pixel = vec4(dimmed(sky(normalize(dir))), 1.0); }
"""

CARD = """
uniform float nearer;    // m towards the eye, so that what a card surrounds does not hide it
out vec4 colour;
out vec2 corner;
void main() {
    vec2 offset = p3d_MultiTexCoord0;
    corner = sign(offset);
    colour = p3d_Color;
    vec4 p = p3d_ModelViewMatrix * p3d_Vertex;
    p.xyz *= 1.0 - nearer / length(p.xyz);
    gl_Position = seen(p3d_ProjectionMatrix * (p + vec4(offset, 0.0, 0.0)));
}
"""

GLOW = """
uniform vec4 glow[1];  // strength, ring strength, fill, ring radius
in vec4 colour;
in vec2 corner;
void main() {
    float r = length(corner), turn = fract(atan(corner.x, corner.y) / 6.2831853 + 1.0);
    float halo = pow(max(1.0 - r, 0.0), 2.2) * glow[0].x;
    float soft = fwidth(r), away = abs(r - glow[0].w);
    float bloom = 0.34 * pow(max(1.0 - away / 0.13, 0.0), 2.0) * glow[0].y;
    float line = smoothstep(0.014 + soft, 0.014 - soft, away) * 0.80 * glow[0].y;
    float held = smoothstep(0.026 + soft, 0.026 - soft, away) * step(turn, glow[0].z) * step(0.001, glow[0].z);
    vec3 c = mix(tint, vec3(1.0, 0.99, 0.95), line);
    float a = max(max(halo, bloom), line);
    pixel = vec4(mix(c, accent, held), max(a, held * glow[0].y) * colour.a * (1.0 - moment[0].y) * (1.0 - moment[0].z));
}
"""

BEAD = """
uniform vec4 glow[1];  // opacity, -, lit up to, -
in vec4 colour;
in vec2 corner;
void main() {
    float r = length(corner), soft = max(fwidth(r), 0.02);
    float body = smoothstep(1.0, 1.0 - soft * 1.5, r);
    float lit = step(colour.a, glow[0].z), shine = smoothstep(0.55, 0.1, length(corner - vec2(-0.28, 0.32)));
    vec3 c = mix(vec3(1.0, 0.99, 0.94), accent, lit) * (0.86 + 0.14 * (1.0 - r * r)) + shine * 0.22;
    pixel = vec4(c, body * mix(0.55, 1.0, lit) * glow[0].x * (1.0 - moment[0].y) * (1.0 - moment[0].z));
}
"""

PLAIN = """
out vec4 colour;
centroid out vec2 at;
void main() {
    colour = p3d_Color;
    at = p3d_MultiTexCoord0;
    gl_Position = seen(p3d_ModelViewProjectionMatrix * p3d_Vertex);
}
"""

MARK = """
uniform vec4 mark[1];  // opacity, fill, -, -
in vec4 colour;
centroid in vec2 at;
void main() {
    float held = step(at.x, mark[0].y) * step(0.001, mark[0].y);
    vec3 c = mix(colour.rgb, accent, held);
    float a = mix(colour.a, min(1.0, colour.a + 0.35), held);
    pixel = vec4(c, a * mark[0].x * (1.0 - moment[0].y) * (1.0 - moment[0].z));
}
"""

ROUNDED = """
uniform vec4 board;      // half width, half height, corner, edge, all in m
centroid in vec2 at;
float rounded(vec2 p) {
    vec2 q = abs(p) - board.xy + board.z;
    return length(max(q, 0.0)) + min(max(q.x, q.y), 0.0) - board.z;
}
"""

BOARD = """
uniform vec4 pips;       // done, total, left x, y
uniform float bleed;     // m of edge beyond the edge
const float MOST_PIPS = 12.0;  // more are a bar
void main() {
    float d = rounded(at), soft = max(fwidth(d), 0.0005);
    float shadow = 0.20 * pow(smoothstep(0.05, -0.03, rounded(at - vec2(0.006, -0.012))), 1.6);
    vec3 c = mix(paper, paper * vec3(0.985, 0.975, 0.955), smoothstep(board.y, -board.y, at.y));
    c = mix(c, accent, smoothstep(-soft, soft, d + board.w));
    vec3 pale = paper.g > 0.5 ? paper * vec3(0.84, 0.81, 0.73) : mix(paper, vec3(1.0), 0.42);  // seen on dark paper too
    float half_row = -pips.z;
    if (pips.y > MOST_PIPS) {
        float bar = length(vec2(max(abs(at.x) - half_row, 0.0), at.y - pips.w)) - 0.010;
        float come = mix(-half_row, half_row, pips.x / pips.y);
        c = mix(c, at.x < come ? accent : pale, smoothstep(soft, -soft, bar));
    } else {
        for (int i = 0; i < int(pips.y); i++) {
            float pace = min(0.052, 2.0 * half_row / max(pips.y - 1.0, 1.0)), size = min(0.018, 0.38 * pace);
            vec2 p = at - pips.zw - vec2(pace * float(i), 0.0);
            float shine = smoothstep(0.55, 0.16, length(p / size - vec2(-0.33, 0.33)));
            vec3 pip = mix(accent + 0.35 * shine, pale, step(pips.x, float(i)));
            c = mix(c, pip, smoothstep(soft, -soft, length(p) - size));
        }
    }
    float body = smoothstep(soft, -soft, d - bleed);
    pixel = vec4(mix(vec3(0.10, 0.13, 0.12), c, body), max(body, shadow) * (1.0 - moment[0].z));
}
"""

HOLE = """
void main() {
    float d = rounded(at), soft = max(fwidth(d), 0.0005);
    pixel = vec4(0.0, 0.0, 0.0, smoothstep(soft, -soft, d));  // the share of alpha to take away
}
"""

TEXT = """
uniform sampler2D p3d_Texture0;
in vec4 colour;
centroid in vec2 at;
void main() {
    // Beyond its edge, where letters in the first row begin, a page of letters is opaque.
    vec2 half_texel = 0.5 / vec2(textureSize(p3d_Texture0, 0));
    float inside = texture(p3d_Texture0, clamp(at, half_texel, 1.0 - half_texel)).a;
    float soft = clamp(fwidth(inside) * 0.75, 0.01, 0.25);
    pixel = vec4(colour.rgb, colour.a * smoothstep(0.5 - soft, 0.5 + soft, inside) * (1.0 - moment[0].z));
}
"""
