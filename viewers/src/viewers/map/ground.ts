/** OpenLayers' map on a ground of its own: lines of longitude and latitude, and nothing from elsewhere. */

import ScaleLine from "ol/control/ScaleLine.js";
import { createEmpty, extend, getCenter, isEmpty } from "ol/extent.js";
import type Feature from "ol/Feature.js";
import type { FeatureLike } from "ol/Feature.js";
import GeoJSON from "ol/format/GeoJSON.js";
import DoubleClickZoom from "ol/interaction/DoubleClickZoom.js";
import DragPan from "ol/interaction/DragPan.js";
import MouseWheelZoom from "ol/interaction/MouseWheelZoom.js";
import PinchZoom from "ol/interaction/PinchZoom.js";
import Kinetic from "ol/Kinetic.js";
import Graticule from "ol/layer/Graticule.js";
import VectorLayer from "ol/layer/Vector.js";
import OlMap from "ol/Map.js";
import Overlay from "ol/Overlay.js";
import { transformExtent } from "ol/proj.js";
import VectorSource from "ol/source/Vector.js";
import CircleStyle from "ol/style/Circle.js";
import Fill from "ol/style/Fill.js";
import Stroke from "ol/style/Stroke.js";
import Style from "ol/style/Style.js";
import Text from "ol/style/Text.js";
import View from "ol/View.js";
import type { Plain, Tiles } from "./read.ts";

/** Pixels for one press of an arrow. */
const MOVE = 80;
const CLOSE = 17;

export class Ground {
  readonly map: OlMap;
  readonly #place: HTMLElement;
  readonly #source = new VectorSource({ wrapX: false });
  readonly #layer: VectorLayer;
  readonly #popup: Overlay;
  readonly #still: boolean;
  readonly #round: boolean;
  readonly #reader = new GeoJSON();
  /** Read, and not yet in the source. */
  readonly #waiting: Feature[] = [];
  /** By their `zIndex`, in the colours of now. */
  readonly #styles = new Map<number, Style>();
  #net: Graticule | null = null;
  #extent = createEmpty();
  #chosen: Feature | null = null;

  /** `round`: places are longitudes and latitudes, else those of some plane. `still`: nothing glides. */
  constructor(
    place: HTMLElement,
    popup: HTMLElement,
    round: boolean,
    still: boolean,
    pick: (one: Feature | null) => void,
  ) {
    this.#place = place;
    this.#round = round;
    this.#still = still;
    this.#layer = new VectorLayer({
      source: this.#source,
      style: (one) => this.#style(one),
      updateWhileInteracting: false,
    });
    this.#popup = new Overlay({ element: popup, positioning: "bottom-center", offset: [0, -12], stopEvent: true });
    const target = document.createElement("div");
    target.className = "ground";
    place.prepend(target);
    this.map = new OlMap({
      target,
      controls: round ? [new ScaleLine({ minWidth: 72 })] : [],
      interactions: [
        new DragPan(still ? {} : { kinetic: new Kinetic(-0.005, 0.05, 100) }),
        new PinchZoom({ duration: still ? 0 : 250 }),
        new MouseWheelZoom({ duration: still ? 0 : 200 }),
        new DoubleClickZoom({ duration: still ? 0 : 200 }),
      ],
      layers: [this.#layer],
      overlays: [this.#popup],
      view: new View({ center: [0, 0], zoom: 1, maxZoom: 22, enableRotation: false, constrainRotation: false }),
    });
    this.map.on("singleclick", ({ pixel }) => {
      const found = this.map.forEachFeatureAtPixel(pixel, (one) => one, {
        hitTolerance: 6,
        layerFilter: (layer) => layer === this.#layer,
      });
      pick((found as Feature | undefined) ?? null);
    });
    this.recolour();
  }

  /** More of them, for the next `show`. Each that cannot be read is null. */
  add(plain: readonly Plain[]): (Feature | null)[] {
    const made = plain.map((one) => {
      try {
        const found = this.#reader.readFeature(
          { ...one, properties: {} },
          this.#round ? { dataProjection: "EPSG:4326", featureProjection: "EPSG:3857" } : {},
        ) as Feature;
        return found.getGeometry() && !isEmpty(found.getGeometry()?.getExtent() ?? createEmpty()) ? found : null;
      } catch {
        return null; // a geometry that is none
      }
    });
    for (const one of made) {
      if (!one) continue;
      this.#waiting.push(one);
      extend(this.#extent, one.getGeometry()?.getExtent() ?? []);
    }
    return made;
  }

  /** What was added is drawn: all that is there is drawn anew each time. */
  show(): void {
    this.#source.addFeatures(this.#waiting.splice(0));
  }

  /** Pictures of the service, below what is drawn. */
  async pictures(tiles: Tiles, failed: () => void): Promise<void> {
    const { layer } = await import("./tiles.ts"); // a map of places draws without
    this.#extent = transformExtent([...tiles.bounds], "EPSG:4326", "EPSG:3857");
    this.map.getLayers().insertAt(0, layer(tiles, this.#extent, this.#still, failed));
  }

  /** As the ground is light or dark now. */
  recolour(): void {
    const { line, words } = this.#colours;
    this.#styles.clear();
    if (this.#net) this.map.removeLayer(this.#net);
    if (this.#round) {
      const label = (rest: ConstructorParameters<typeof Text>[0]): Text =>
        new Text({ font: "11px system-ui, sans-serif", fill: new Fill({ color: words }), ...rest });
      this.#net = new Graticule({
        strokeStyle: new Stroke({ color: line, width: 1 }),
        showLabels: true,
        wrapX: false,
        // above and at the start: the scale and the buttons are below
        lonLabelPosition: 1,
        lonLabelStyle: label({ textBaseline: "top", offsetY: 4 }),
        latLabelPosition: 0,
        latLabelStyle: label({ textAlign: "start", textBaseline: "bottom", offsetX: 6, offsetY: -2 }),
        targetSize: 140,
      });
      this.map.getLayers().insertAt(0, this.#net);
    }
    this.#layer.changed();
  }

  get dark(): boolean {
    const [red = 255] = getComputedStyle(this.#place).backgroundColor.match(/\d+/g)?.map(Number) ?? [];
    return red < 128;
  }

  get #colours(): {
    line: string;
    words: string;
    ink: string;
    fill: string;
    edge: string;
    chosen: string;
    light: string;
  } {
    return this.dark
      ? {
          line: "#263036",
          words: "#8d9aa2",
          ink: "#5fd3c4",
          fill: "#5fd3c42e",
          edge: "#0f1315",
          chosen: "#ffb454",
          light: "#ffb45444",
        }
      : {
          line: "#d0d8db",
          words: "#5b6870",
          ink: "#0a6b64",
          fill: "#0a6b642e",
          edge: "#ffffff",
          chosen: "#b4500a",
          light: "#b4500a3d",
        };
  }

  /** One for all that look alike: each asks the page how light the ground is. */
  #style(one: FeatureLike): Style {
    const on = one === this.#chosen;
    const zIndex = on ? 2 : /Point/.test(one.getGeometry()?.getType() ?? "") ? 1 : 0;
    const known = this.#styles.get(zIndex);
    if (known) return known;
    const { ink, fill, edge, chosen, light } = this.#colours;
    const colour = on ? chosen : ink;
    const style = new Style({
      zIndex,
      fill: new Fill({ color: on ? light : fill }),
      stroke: new Stroke({ color: colour, width: on ? 3.5 : 2.5 }),
      image: new CircleStyle({
        radius: on ? 8 : 6,
        fill: new Fill({ color: colour }),
        stroke: new Stroke({ color: edge, width: 2 }),
      }),
    });
    this.#styles.set(zIndex, style);
    return style;
  }

  // --- what is chosen -------------------------------------------------------------------------------------------------------

  /** It stands out, and the popup is at it; brought into sight where `sight` says so. */
  choose(one: Feature | null, sight = false): void {
    this.#chosen = one;
    this.#layer.changed();
    const geometry = one?.getGeometry();
    if (!geometry) {
      this.#popup.setPosition(undefined);
      return;
    }
    const extent = geometry.getExtent();
    const point = /Point$/.test(geometry.getType());
    if (sight && point)
      this.map.getView().setCenter(getCenter(extent)); // as near as before: what is around it tells where it is
    else if (sight) this.map.getView().fit(extent, { ...this.#room, maxZoom: CLOSE });
    const at = point ? getCenter(extent) : geometry.getClosestPoint(getCenter(extent));
    this.map.renderSync(); // where the popup is depends on where the map is now
    this.#popup.setPosition(at);
    this.#popup.panIntoView({ margin: 12, ...(this.#still ? {} : { animation: { duration: 200 } }) });
  }

  // --- where it is looked at ------------------------------------------------------------------------------------------------

  get #room(): { padding: number[]; duration: number } {
    return { padding: [48, 48, 48, 48], duration: 0 };
  }

  fit(): void {
    this.map.updateSize();
    if (!this.map.getSize()?.every(Boolean))
      this.map.once("change:size", () => this.fit()); // it is not shown yet
    else if (!isEmpty(this.#extent)) this.map.getView().fit(this.#extent, { ...this.#room, maxZoom: CLOSE });
  }

  move(right: number, up: number): void {
    const view = this.map.getView();
    const [x = 0, y = 0] = view.getCenter() ?? [];
    const step = (view.getResolution() ?? 1) * MOVE;
    view.setCenter([x + right * step, y + up * step]);
  }

  zoom(closer: boolean): void {
    const view = this.map.getView();
    view.setZoom((view.getZoom() ?? 0) + (closer ? 0.5 : -0.5));
  }

  close(): void {
    this.#source.clear(true);
    this.map.setTarget(undefined);
    this.map.dispose();
  }
}
